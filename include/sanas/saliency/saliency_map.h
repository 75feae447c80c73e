// SPDX-License-Identifier: Apache-2.0
#pragma once

// The saliency map of the paper (the size of an attack's perturbation), and how maps are scaled.

#include <torch/types.h>

#include <string>

#include "sanas/attack/pgd.h"
#include "sanas/data/image_geometry.h"

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

/// Maps N×C×H×W under a Gaussian of deviation `sigma` pixels, cut off at 3 sigma; beyond the border
/// a map goes on as it ends. 0: as they are.
torch::Tensor smooth_maps(const torch::Tensor& maps, double sigma);

/// A map of what a network sees, laid onto the picture that it came from: bilinearly between the
/// centres of pixels, in double precision on the CPU; 0 where the network does not look.
/// @param map H×W, of the geometry's height and width. @return picture_height × picture_width.
torch::Tensor map_on_picture(const torch::Tensor& map, const ImageGeometry& geometry);

/// Where the network looks: bool, picture_height × picture_width, true in geometry.seen().
torch::Tensor seen_pixels(const ImageGeometry& geometry);

/// Maps H×W scaled to [0, 1] for display: values at or below the low percentile become 0, at or
/// above the high percentile 1. A constant map becomes 0.
/// @param low,high percentiles in [0, 100] (linear between the ranks, as numpy's).
/// @param seen bool H×W, or undefined: the pixels that percentiles are of.
torch::Tensor scale_for_display(const torch::Tensor& map, double low = 0.0, double high = 100.0,
                                const torch::Tensor& seen = {});

}  // namespace sanas
