// SPDX-License-Identifier: Apache-2.0
#pragma once

// Subtracts the mean and divides by the deviation of each colour channel, as the first layer of a
// network.

#include <torch/types.h>

#include <array>

namespace sanas {

/// The per-channel normalisation (x − mean) / std as the first layer of a network: what is
/// attacked, re-weighted and shown are raw pixels in [0, 1]. The default leaves the pixels alone.
struct PixelNormalization {
  std::array<double, 3> mean{0.0, 0.0, 0.0};
  std::array<double, 3> std{1.0, 1.0, 1.0};

  /// N×3×H×W in, N×3×H×W out; differentiable.
  torch::Tensor operator()(const torch::Tensor& pixels) const;
};

}  // namespace sanas
