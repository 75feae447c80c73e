// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs one step of the kernels over all groups of images.

#include <ATen/Parallel.h>

#include <type_traits>
#include <vector>

#include "kernels/fan_kernels.h"

namespace sanas::kernels {

/// @param scratch of each thread.
template <typename S, typename Step>
void run_step(Step step, const FanArrays<S>& fan, const std::vector<ScratchArrays<S>>& scratch) {
  at::parallel_for(0, fan.groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      if constexpr (std::is_invocable_v<Step, const FanArrays<S>&, int64_t>) {
        step(fan, group);
      } else {
        step(fan, group, scratch[static_cast<size_t>(at::get_thread_num())]);
      }
    }
  });
}

}  // namespace sanas::kernels
