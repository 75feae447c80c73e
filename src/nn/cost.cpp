// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/cost.h"

#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <torch/types.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>

#include "sanas/kernels/kernel_choice.h"

namespace sanas {
namespace {

/// What each element of an operator's output costs, from the operator's name and inputs.
using UnitCost = std::function<int64_t(std::string_view name, const at::RecordFunction& call)>;

/// The count in progress on this thread; callbacks of RecordFunction can't carry one.
struct Count {
  const UnitCost* unit_cost = nullptr;
  int64_t sum = 0;
};
thread_local Count count_in_progress;

/// An operator's inputs can be looked at only while it starts, its outputs only when it ends: this
/// carries the one to the other.
struct StartedOperator : at::ObserverContext {
  explicit StartedOperator(int64_t unit_cost) : unit_cost(unit_cost) {}
  int64_t unit_cost;
};

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& call) {
  const int64_t unit_cost = (*count_in_progress.unit_cost)(call.name(), call);
  return unit_cost == 0 ? nullptr : std::make_unique<StartedOperator>(unit_cost);
}

void on_end(const at::RecordFunction& call, at::ObserverContext* started) {
  if (started != nullptr && !call.outputs().empty()) {  // none where the operator threw
    count_in_progress.sum +=
        static_cast<StartedOperator*>(started)->unit_cost * call.outputs()[0].toTensor().numel();
  }
}

class ScopedCount {
 public:
  explicit ScopedCount(const UnitCost& unit_cost) {
    count_in_progress = {&unit_cost, 0};
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(on_start, on_end)
                                             .needsInputs(true)
                                             .needsOutputs(true)
                                             .scopes({at::RecordScope::FUNCTION}));
  }
  ~ScopedCount() { at::removeCallback(handle_); }
  ScopedCount(const ScopedCount&) = delete;
  ScopedCount& operator=(const ScopedCount&) = delete;

 private:
  at::CallbackHandle handle_ = 0;
};

/// What LibTorch's allocators tell of this thread's memory.
class MemoryInUse : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* /*pointer*/, int64_t size, size_t /*allocated*/, size_t /*reserved*/,
                         c10::Device /*device*/) override {
    now_ += size;  // negative when memory is given back
    peak_ = std::max(peak_, now_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t peak() const { return peak_; }

 private:
  int64_t now_ = 0;
  int64_t peak_ = 0;
};

int64_t count(const std::function<void()>& forward, const UnitCost& unit_cost) {
  const torch::NoGradGuard no_grad;
  const ScopedComposed operators;  // fused kernels show none
  const ScopedCount counting(unit_cost);
  forward();
  return count_in_progress.sum;
}

}  // namespace

int64_t count_parameters(const torch::nn::Module& module, bool auxiliary) {
  int64_t total = 0;
  for (const auto& parameter : module.named_parameters()) {
    if (auxiliary || parameter.key().find("auxiliary") == std::string::npos) {
      total += parameter.value().numel();
    }
  }
  return total;
}

int64_t count_macs(const std::function<void()>& forward, CountingRule rule) {
  return count(forward, [rule](std::string_view name, const at::RecordFunction& call) -> int64_t {
    if (name == "aten::convolution") {
      const auto& weight = call.inputs()[1].toTensor();
      return weight.numel() / weight.size(0);
    }
    if (name == "aten::addmm") {  // what a linear layer with a bias comes down to
      return call.inputs()[2].toTensor().size(0);
    }
    if (rule == CountingRule::kWithBatchNormAndRelu) {
      return name == "aten::batch_norm" ? 2 : name == "aten::relu" || name == "aten::relu_" ? 1 : 0;
    }
    return 0;
  });
}

int64_t count_activations(const std::function<void()>& forward) {
  static const std::set<std::string_view> kept{
      "aten::convolution", "aten::batch_norm", "aten::relu", "aten::max_pool2d", "aten::avg_pool2d",
      "aten::addcmul",     "aten::add",        "aten::mul",  "aten::cat",        "aten::addmm"};
  return count(forward, [](std::string_view name, const at::RecordFunction&) -> int64_t {
    return kept.contains(name) ? 1 : 0;
  });
}

int64_t peak_bytes(const std::function<void()>& forward) {
  const torch::NoGradGuard no_grad;
  const auto memory = std::make_shared<MemoryInUse>();
  const c10::DebugInfoGuard reported(c10::DebugInfoKind::PROFILER_STATE, memory);
  forward();
  return memory->peak();
}

}  // namespace sanas
