// SPDX-License-Identifier: Apache-2.0
#include "sanas/attack/reweighting.h"

namespace sanas {
namespace {

torch::Tensor weight(const torch::Tensor& delta, Reweighting reweighting, double epsilon) {
  switch (reweighting) {
    case Reweighting::kDelta:
      return delta;
    case Reweighting::kAbs:
      return delta.abs();
    case Reweighting::kOnePlusAbs:
      return 1.0 + delta.abs();
    case Reweighting::kMask:
      // Saturated pixels: |δ| within 0.1 % of ε, as round(|δ|/ε − margin) of method §15.
      return (delta.detach().abs() / epsilon - 0.499).round().clamp(0.0, 1.0);
  }
  TORCH_CHECK(false, "no such re-weighting");
}

/// Image by image.
torch::Tensor normalize(const torch::Tensor& weight, WeightNormalization normalization) {
  constexpr double kTiny = 1e-12;
  const auto per_image = [](const torch::Tensor& values) { return values.view({-1, 1, 1, 1}); };
  const torch::Tensor flat = weight.flatten(1);
  switch (normalization) {
    case WeightNormalization::kNone:
      return weight;
    case WeightNormalization::kMinMax: {
      const auto low = per_image(flat.amin(1));
      const auto range = per_image(flat.amax(1)) - low;
      return (weight - low) / range.clamp_min(kTiny);
    }
    case WeightNormalization::kUnitMean:
      break;
  }
  return weight / per_image(flat.abs().mean(1)).clamp_min(kTiny);
}

}  // namespace

std::string to_string(WeightNormalization normalization) {
  switch (normalization) {
    case WeightNormalization::kNone:
      return "none";
    case WeightNormalization::kMinMax:
      return "min_max";
    case WeightNormalization::kUnitMean:
      return "unit_mean";
  }
  return {};
}

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
                       Reweighting reweighting, double epsilon, WeightNormalization normalization) {
  return normalize(weight(delta, reweighting, epsilon), normalization) * images;
}

}  // namespace sanas
