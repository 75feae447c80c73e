// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/normalization.h"

#include <algorithm>

namespace sanas {

torch::Tensor PixelNormalization::operator()(const torch::Tensor& pixels) const {
  const auto is = [](const std::array<double, 3>& values, double wanted) {
    return std::all_of(values.begin(), values.end(), [wanted](double v) { return v == wanted; });
  };
  if (is(mean, 0.0) && is(std, 1.0)) {
    return pixels;
  }
  const auto as_channels = [&](const std::array<double, 3>& values) {
    return torch::tensor({values[0], values[1], values[2]}, torch::kDouble)
        .to(pixels.options())
        .view({1, 3, 1, 1});
  };
  return (pixels - as_channels(mean)) / as_channels(std);
}

}  // namespace sanas
