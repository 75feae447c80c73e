// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/record_function.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string_view>

namespace sanas {

/// What this thread asks LibTorch for. On the CPU none of it takes long; on CUDA each is what makes
/// a GPU wait, so it can be counted, and bounded, without one.
struct OperatorCounts {
  /// Operators called from outside of others: about the kernels that CUDA would launch. What only
  /// looks at memory in another way or reserves some is left out.
  int64_t launches = 0;
  /// Copies that name a device, as those between host and GPU do.
  int64_t copies = 0;
  /// Where the host would wait for the GPU: blocking copies of these, single numbers (`item`), and
  /// operators whose result's shape depends on values.
  int64_t waits = 0;

  OperatorCounts operator-(const OperatorCounts& other) const {
    return {launches - other.launches, copies - other.copies, waits - other.waits};
  }
};

namespace operator_counts {

inline thread_local OperatorCounts counts;
inline thread_local int64_t depth = 0;

inline bool launches_nothing(std::string_view name) {
  static const std::set<std::string_view> names{
      "aten::alias",      "aten::as_strided", "aten::contiguous", "aten::detach",  "aten::empty",
      "aten::empty_like", "aten::expand",     "aten::flatten",    "aten::narrow",  "aten::permute",
      "aten::reshape",    "aten::select",     "aten::slice",      "aten::squeeze", "aten::t",
      "aten::transpose",  "aten::unbind",     "aten::unsqueeze",  "aten::view",    "aten::view_as",
      "aten::new_empty"};
  return names.count(name) != 0;
}

inline bool waits(std::string_view name) {
  static const std::set<std::string_view> names{"aten::_local_scalar_dense",
                                                "aten::bincount",
                                                "aten::equal",
                                                "aten::masked_select",
                                                "aten::nonzero",
                                                "aten::repeat_interleave",
                                                "aten::_unique2",
                                                "aten::unique_consecutive"};
  return names.count(name) != 0;
}

/// The argument of that name; nothing where the operator has none.
inline c10::IValue argument(const at::RecordFunction& call, std::string_view name) {
  const auto schema = call.operator_schema();
  for (size_t i = 0; schema && i < schema->arguments().size() && i < call.inputs().size(); ++i) {
    if (schema->arguments()[i].name() == name) {
      return call.inputs()[i];
    }
  }
  return {};
}

inline std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& call) {
  const std::string_view name = call.name();
  const bool is_outermost = depth++ == 0;
  counts.launches += is_outermost && !launches_nothing(name) ? 1 : 0;
  counts.waits += waits(name) ? 1 : 0;
  // What operators call among themselves stays on its device.
  if (is_outermost && name == "aten::to" && argument(call, "device").isDevice()) {
    const auto non_blocking = argument(call, "non_blocking");
    counts.copies += 1;
    counts.waits += non_blocking.isBool() && non_blocking.toBool() ? 0 : 1;
  }
  return nullptr;
}

inline void on_end(const at::RecordFunction& /*call*/, at::ObserverContext* /*context*/) {
  --depth;
}

}  // namespace operator_counts

/// Counts inside its scope.
class OperatorCounter {
 public:
  OperatorCounter()
      : handle_(at::addThreadLocalCallback(
            at::RecordFunctionCallback(operator_counts::on_start, operator_counts::on_end)
                .needsInputs(true)
                .scopes({at::RecordScope::FUNCTION}))) {
    operator_counts::counts = {};
    operator_counts::depth = 0;
  }
  ~OperatorCounter() { at::removeCallback(handle_); }
  OperatorCounter(const OperatorCounter&) = delete;
  OperatorCounter& operator=(const OperatorCounter&) = delete;

  /// Since the beginning.
  OperatorCounts counts() const { return operator_counts::counts; }

 private:
  at::CallbackHandle handle_;
};

}  // namespace sanas
