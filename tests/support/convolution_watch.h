// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/record_function.h>

#include <memory>
#include <string_view>

#include "sanas/core/autocast.h"

namespace sanas {

/// Convolutions by what they are computed in.
struct ConvolutionCounts {
  int64_t bfloat16 = 0;
  int64_t tf32 = 0;  ///< of the others, those at which TF32 is allowed
  int64_t plain = 0;
};

/// Counts the convolutions, forward and backward, that this thread computes inside its scope. On
/// CUDA the backward ones are computed by a thread of autograd's; the setting is one for all
/// threads.
class ConvolutionWatch {
 public:
  ConvolutionWatch()
      : handle_(
            at::addThreadLocalCallback(at::RecordFunctionCallback(&count).needsInputs(true).scopes(
                {at::RecordScope::FUNCTION}))) {
    counted() = {};
  }
  ~ConvolutionWatch() { at::removeCallback(handle_); }
  ConvolutionWatch(const ConvolutionWatch&) = delete;
  ConvolutionWatch& operator=(const ConvolutionWatch&) = delete;

  ConvolutionCounts counts() const { return counted(); }

 private:
  static ConvolutionCounts& counted() {
    thread_local ConvolutionCounts counts;
    return counts;
  }
  static std::unique_ptr<at::ObserverContext> count(const at::RecordFunction& call) {
    const std::string_view name = call.name();
    if (name == "aten::convolution" || name == "aten::convolution_backward") {
      const bool is_bfloat16 = call.inputs().front().toTensor().scalar_type() == at::kBFloat16;
      auto& counts = counted();
      ++(is_bfloat16 ? counts.bfloat16 : tf32_is_allowed() ? counts.tf32 : counts.plain);
    }
    return nullptr;
  }

  at::CallbackHandle handle_;
};

}  // namespace sanas
