// SPDX-License-Identifier: Apache-2.0
#include "sanas/attack/reweighting.h"

namespace sanas {

std::string to_string(Reweighting reweighting) {
  switch (reweighting) {
    case Reweighting::kDelta:
      return "delta";
    case Reweighting::kAbs:
      return "abs";
    case Reweighting::kOnePlusAbs:
      return "one_plus_abs";
    case Reweighting::kMask:
      return "mask";
  }
  return {};
}

torch::Tensor reweight(const torch::Tensor& images, const torch::Tensor& delta,
                       Reweighting reweighting, double epsilon) {
  switch (reweighting) {
    case Reweighting::kDelta:
      return delta * images;
    case Reweighting::kAbs:
      return delta.abs() * images;
    case Reweighting::kOnePlusAbs:
      return (1.0 + delta.abs()) * images;
    case Reweighting::kMask:
      // Saturated pixels: |δ| within 0.1 % of ε, as round(|δ|/ε − margin) of method §15.
      return (delta.detach().abs() / epsilon - 0.499).round().clamp(0.0, 1.0) * images;
  }
  TORCH_CHECK(false, "no such re-weighting");
}

}  // namespace sanas
