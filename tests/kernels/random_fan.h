// SPDX-License-Identifier: Apache-2.0
#pragma once

// Fans with parameters for tests.

#include <torch/torch.h>

#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "kernels/fan.h"

namespace sanas::kernels {

/// What the cases differ in.
struct FanCase {
  std::string name;
  int64_t images = 2;
  ChannelLayout in{5};
  int64_t out_channels = 5;
  int64_t height = 6;
  int64_t width = 6;
  int64_t stride = 1;
  bool affine = false;
  bool of_batch = true;
  bool pool_norms = true;
  bool factors = false;
  bool starts = false;
  std::vector<int64_t> kernels{3, 5};
  /// A single convolution of that kind alone: ReLU-conv-BN, FactorizedReduce, 3×3 conv-BN.
  std::optional<Gather> only = std::nullopt;
  bool rectified = true;
};

inline void PrintTo(const FanCase& c, std::ostream* out) { *out << c.name; }

/// A fan with all kinds of operations on two targets, and its parameters.
class RandomFan {
 public:
  RandomFan(const FanCase& c, torch::Dtype dtype, uint64_t seed = 1) : case_(c), dtype_(dtype) {
    torch::manual_seed(seed);
    spec.in = c.in;
    spec.out_channels = c.out_channels;
    spec.stride = c.stride;
    source = tensor({c.images, c.in.total(), c.height, c.width});
    spec.rectified = c.rectified;
    if (c.only) {
      spec.targets = 1;
      const int64_t stride = c.only == Gather::kPatches ? c.stride : 1;
      add_term(0, add_convolution({*c.only, 3, stride}), kNone, /*weighted=*/false);
    } else {
      spec.targets = 2;
      for (int target = 0; target < 2; ++target) {
        add_candidates(target);
      }
    }
    const int64_t height = (c.height + c.stride - 1) / c.stride;
    const int64_t width = (c.width + c.stride - 1) / c.stride;
    starts.resize(static_cast<size_t>(spec.targets));
    if (c.starts) {
      starts.front() = tensor({c.images, c.out_channels, height, width});
    }
  }

  FanSpec spec;
  torch::Tensor source;
  std::vector<torch::Tensor> starts;
  std::vector<torch::Tensor> parameters;

 private:
  torch::Tensor tensor(std::vector<int64_t> sizes, double scale = 1.0, double mean = 0.0) {
    return (torch::randn(sizes, torch::kDouble) * scale + mean).to(dtype_).requires_grad_(true);
  }
  int parameter(std::vector<int64_t> sizes, double scale = 1.0, double mean = 0.0) {
    parameters.push_back(tensor(std::move(sizes), scale, mean));
    return static_cast<int>(parameters.size()) - 1;
  }

  NormSpec norm() {
    NormSpec result;
    result.of_batch = case_.of_batch;
    if (case_.affine) {
      result.scale = parameter({case_.out_channels}, 0.3, 1.0);
      result.shift = parameter({case_.out_channels}, 0.3);
    }
    result.running_mean = tensor({case_.out_channels}, 0.3).detach();
    result.running_variance = tensor({case_.out_channels}, 0.3).detach().square() + 0.5;
    return result;
  }

  int add_convolution(const ConvolutionShape& shape, int input = kNone) {
    ConvolutionSpec c;
    c.shape = shape;
    c.input = input;
    const int64_t in = input == kNone ? case_.in.total() : case_.out_channels;
    if (shape.gather == Gather::kDepthwise) {
      c.depthwise = parameter({in, 1, shape.kernel, shape.kernel}, 0.4);
    }
    const int64_t out =
        shape.gather == Gather::kTwoGrids ? case_.out_channels / 2 : case_.out_channels;
    const int64_t kernel = shape.gather == Gather::kPatches ? shape.kernel : 1;
    c.pointwise = parameter({out, in, kernel, kernel}, 0.4);
    if (shape.gather == Gather::kTwoGrids) {
      c.shifted_pointwise = parameter({out, in, 1, 1}, 0.4);
    }
    c.norm = norm();
    spec.convolutions.push_back(c);
    return static_cast<int>(spec.convolutions.size()) - 1;
  }

  void add_term(int target, int convolution, int pool, bool weighted = true) {
    TermSpec term;
    term.target = target;
    term.convolution = convolution;
    term.pool = pool;
    if (pool != kNone && case_.pool_norms) {
      term.pool_norm = norm();
    }
    if (weighted) {
      term.weight = parameter({}, 0.2, 0.3);
    }
    if (case_.factors) {
      term.factors = (torch::arange(case_.images, dtype_) % 3) * 0.7;
    }
    spec.terms.push_back(term);
  }

  void add_candidates(int target) {
    for (const int64_t kernel : case_.kernels) {
      const int first = add_convolution({Gather::kDepthwise, kernel, case_.stride, 1});
      add_term(target, add_convolution({Gather::kDepthwise, kernel, 1, 1}, first), kNone);
      if (kernel < 7) {
        add_term(target, add_convolution({Gather::kDepthwise, kernel, case_.stride, 2}), kNone);
      }
    }
    if (spec.in.channels == spec.out_channels) {
      if (spec.pools.empty()) {
        spec.pools = {PoolKind::kMax, PoolKind::kAverage};
      }
      add_term(target, kNone, 0);
      add_term(target, kNone, 1);
    }
    if (case_.stride == 1) {
      add_term(target, kNone, kNone);
    } else if (case_.out_channels % 2 == 0) {
      add_term(target, add_convolution({Gather::kTwoGrids, 3, 2}), kNone);
    }
  }

  FanCase case_;
  torch::Dtype dtype_;
};

}  // namespace sanas::kernels
