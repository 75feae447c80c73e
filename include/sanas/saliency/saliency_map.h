// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <string>

#include "sanas/attack/pgd.h"

namespace sanas {

/// How three colour channels become one number per pixel.
enum class ColorReduction { kMax, kMean, kL2 };

std::string to_string(ColorReduction reduction);

/// N×C×H×W to N×H×W.
torch::Tensor reduce_color(const torch::Tensor& values, ColorReduction reduction);

/// The saliency map of the supplement §L: |δ| element by element, where δ is the attack on the
/// trained network. The label-free losses make it usable on images without a label.
/// @param images raw pixels N×3×H×W in [0, 1]. @param labels used by AttackLoss::kLabel only.
/// With AttackOptions::steps = 0 it is |δ − start|, proportional to the gradient's size, where
/// PGD's map saturates at ε (method §4.4).
/// @param starts random starts that the map is the mean over: more of them un-saturate it.
/// @return N×3×H×W, in [0, ε] for PGD. Deterministic in `seed`, image by image: maps do not depend
///         on how images are batched.
torch::Tensor pgd_saliency(const Classifier& classifier, const torch::Tensor& images,
                           const torch::Tensor& labels, const AttackOptions& options, uint64_t seed,
                           int64_t starts = 1);

/// A map H×W resized bilinearly, in double precision on the CPU.
torch::Tensor resize_map(const torch::Tensor& map, int64_t height, int64_t width);

/// Maps H×W scaled to [0, 1] for display: values at or below the low percentile become 0, at or
/// above the high percentile 1. A constant map becomes 0.
/// @param low,high percentiles in [0, 100].
torch::Tensor scale_for_display(const torch::Tensor& map, double low = 0.0, double high = 100.0);

}  // namespace sanas
