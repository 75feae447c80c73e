// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/record_function.h>

#include <memory>
#include <string_view>

#include "sanas/core/autocast.h"

namespace sanas {

/// Counts the convolutions, forward and backward, that this thread computes inside its scope: those
/// at which TF32 is allowed, and the others. On CUDA the backward ones are computed by a thread of
/// autograd's; the setting is one for all threads.
class Tf32Watch {
 public:
  Tf32Watch()
      : handle_(at::addThreadLocalCallback(
            at::RecordFunctionCallback(&count).scopes({at::RecordScope::FUNCTION}))) {
    counts() = {};
  }
  ~Tf32Watch() { at::removeCallback(handle_); }
  Tf32Watch(const Tf32Watch&) = delete;
  Tf32Watch& operator=(const Tf32Watch&) = delete;

  int64_t allowed() const { return counts().allowed; }
  int64_t forbidden() const { return counts().forbidden; }

 private:
  struct Counts {
    int64_t allowed = 0;
    int64_t forbidden = 0;
  };
  static Counts& counts() {
    thread_local Counts counts;
    return counts;
  }
  static std::unique_ptr<at::ObserverContext> count(const at::RecordFunction& call) {
    const std::string_view name = call.name();
    if (name == "aten::convolution" || name == "aten::convolution_backward") {
      ++(tf32_is_allowed() ? counts().allowed : counts().forbidden);
    }
    return nullptr;
  }

  at::CallbackHandle handle_;
};

}  // namespace sanas
