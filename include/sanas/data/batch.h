// SPDX-License-Identifier: Apache-2.0
#pragma once

// Some images with their labels: what a loader gives and a network is trained on.

#include <torch/types.h>

#include "sanas/core/device.h"

namespace sanas {

/// Some labelled images.
struct Batch {
  torch::Tensor images;   ///< N×3×H×W, float32 in [0, 1], not normalised
  torch::Tensor labels;   ///< N, int64
  torch::Tensor indices;  ///< N, int64: where in the data set they come from; stays on the CPU
  int64_t skipped = 0;    ///< images that belong to it, but could not be decoded

  int64_t size() const { return labels.size(0); }

  /// Whether a network can be trained on it: not on nothing, nor on the single image that is left
  /// where others could not be decoded, as batch norm may have no statistics of one image.
  bool is_usable() const { return size() > 1 || (size() == 1 && skipped == 0); }

  /// Images and labels on a device, in the memory layout that it prefers; asynchronous where they
  /// are pinned.
  Batch to(const torch::Device& device) const {
    return {images.to(device, /*non_blocking=*/true).contiguous(preferred_memory_format(device)),
            labels.to(device, /*non_blocking=*/true), indices, skipped};
  }
};

}  // namespace sanas
