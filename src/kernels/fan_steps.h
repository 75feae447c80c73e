// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs one step of the kernels over all groups of images.

#include <type_traits>
#include <vector>

#include "kernels/fan_kernels.h"
#include "kernels/worker_pool.h"

namespace sanas::kernels {

/// @param scratch of each thread.
template <typename S, typename Step>
void run_step(Step step, const FanArrays<S>& fan, const std::vector<ScratchArrays<S>>& scratch) {
  run_items(fan.groups, [&](int64_t group, int thread) {
    if constexpr (std::is_invocable_v<Step, const FanArrays<S>&, int64_t>) {
      step(fan, group);
    } else {
      step(fan, group, scratch[static_cast<size_t>(thread)]);
    }
  });
}

}  // namespace sanas::kernels
