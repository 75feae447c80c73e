// SPDX-License-Identifier: Apache-2.0
#pragma once

// Subtracts the mean and divides by the deviation of each colour channel, as the first layer of a
// network.

#include <torch/types.h>

#include <array>
#include <memory>

namespace sanas {

/// Keeps the tensors of a PixelNormalization, one pair for each device and type that it has met.
/// Copies share them. May be used from several threads.
class NormalizationTensors {
 public:
  struct Pair {
    torch::Tensor mean;  ///< 1×3×1×1
    torch::Tensor std;   ///< 1×3×1×1
  };

  NormalizationTensors();
  Pair of(const std::array<double, 3>& mean, const std::array<double, 3>& std,
          const torch::TensorOptions& options) const;

 private:
  struct Kept;
  std::shared_ptr<Kept> kept_;
};

/// The per-channel normalisation (x − mean) / std as the first layer of a network: what is
/// attacked, re-weighted and shown are raw pixels in [0, 1]. The default leaves the pixels alone.
struct PixelNormalization {
  std::array<double, 3> mean{0.0, 0.0, 0.0};
  std::array<double, 3> std{1.0, 1.0, 1.0};
  /// Made of the two where they are needed: nothing to set.
  NormalizationTensors tensors{};

  /// N×3×H×W in, N×3×H×W out; differentiable.
  torch::Tensor operator()(const torch::Tensor& pixels) const;
};

}  // namespace sanas
