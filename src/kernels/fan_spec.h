// SPDX-License-Identifier: Apache-2.0
#pragma once

// What leaves a state: which convolutions and poolings, and what they are added up to.

#include <torch/types.h>

#include <optional>
#include <vector>

#include "kernels/fan_arrays.h"
#include "sanas/kernels/blocked_tensor.h"

namespace sanas::kernels {

/// Where a number is not: a parameter, a convolution or a pooling that something does without.
inline constexpr int kNone = -1;

/// A batch norm. Numbers of parameters are places in the list that a fan is called with.
struct NormSpec {
  double eps = 1e-5;
  /// Parameters: scale and shift by channel, or kNone.
  int scale = kNone;
  int shift = kNone;
  /// Statistics of the batch; otherwise the running ones.
  bool of_batch = true;
  /// By channel: what is normalised with where not `of_batch`, and where defined and `of_batch`,
  /// what takes up the statistics of the batch with `momentum`.
  torch::Tensor running_mean;
  torch::Tensor running_variance;
  double momentum = 0.1;
};

/// ReLU → gather → 1×1 convolution → batch norm.
struct ConvolutionSpec {
  ConvolutionShape shape;
  /// The convolution before it, whose place in the list is lower; or kNone: it reads the source.
  int input = kNone;
  /// Parameters: C×1×k×k (kDepthwise), and K×C×1×1. kTwoGrids has one of K/2×C×1×1 for each grid,
  /// kPatches one of K×C×k×k.
  int depthwise = kNone;
  int pointwise = kNone;
  int shifted_pointwise = kNone;
  NormSpec norm;
};

/// A summand of a target.
struct TermSpec {
  int target = 0;
  /// One of the two, or neither: the source itself.
  int convolution = kNone;
  int pool = kNone;
  /// Of poolings; a convolution has its own.
  std::optional<NormSpec> pool_norm;
  /// Parameter, 0-dimensional: the mixing weight; or kNone: 1.
  int weight = kNone;
  /// N factors of the same type as the source (drop-path), or undefined: 1. Constants.
  torch::Tensor factors;
};

/// A state and all that leaves it.
struct FanSpec {
  ChannelLayout in;
  /// Whether convolutions see the source through a ReLU.
  bool rectified = true;
  /// Of every target.
  int64_t out_channels = 0;
  /// 1 or 2. Outputs have ceil(H/stride) rows; source terms need 1, and out_channels as in `in`.
  int64_t stride = 1;
  /// In an order in which `input` comes first; at most one level of those with an input.
  std::vector<ConvolutionSpec> convolutions;
  std::vector<PoolKind> pools;
  std::vector<TermSpec> terms;
  int targets = 1;
};

}  // namespace sanas::kernels
