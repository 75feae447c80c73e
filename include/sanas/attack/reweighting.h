// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a perturbation becomes the weight of each pixel of its image.

#include <torch/types.h>

#include <string>

namespace sanas {

/// How a perturbation re-weights the image that it belongs to (method §2.1, §4.1): δ ⊙ x as in the
/// paper, |δ| ⊙ x, (1 + |δ|) ⊙ x, or x where |δ| is (nearly) at the attack's limit and 0 elsewhere.
enum class Reweighting { kDelta, kAbs, kOnePlusAbs, kMask };

/// What is done to the weights of an image before the product: nothing, as in the paper; to the
/// range [0, 1]; or to mean absolute value 1, so that the re-weighted image is as bright as the
/// image. A constant (or zero) weight becomes 0 (or stays 0).
enum class WeightNormalization { kNone, kMinMax, kUnitMean };

std::string to_string(Reweighting reweighting);
std::string to_string(WeightNormalization normalization);

/// The re-weighted images, differentiable in `delta` through the weight and its normalisation (the
/// mask is a step function: gradient zero).
/// @param images,delta N×3×H×W. @param epsilon the attack's radius, which scales the mask.
torch::Tensor reweight(const torch::Tensor& images, const torch::Tensor& delta,
                       Reweighting reweighting, double epsilon,
                       WeightNormalization normalization = WeightNormalization::kNone);

}  // namespace sanas
