// SPDX-License-Identifier: Apache-2.0
#pragma once

// How similar two maps are: rank correlation and structural similarity.

#include <torch/types.h>

namespace sanas {

/// Spearman's rank correlation of all elements, equal values sharing their mean rank. NaN where one
/// map is constant.
double rank_correlation(const torch::Tensor& a, const torch::Tensor& b);

/// Mean structural similarity (Wang et al. 2004) of two maps H×W, each first scaled to [0, 1] by
/// its smallest and largest value: windows of 11×11 (or the largest odd size that fits) with
/// Gaussian weights of deviation 1.5, only those that lie inside; K1 = 0.01, K2 = 0.03.
double structural_similarity(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace sanas
