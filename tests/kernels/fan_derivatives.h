// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values and both derivatives of a fan, on fused kernels and composed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "composed_fan.h"
#include "random_fan.h"

namespace sanas::kernels {

using torch::Tensor;
using Tensors = std::vector<Tensor>;

/// All that the fan depends on.
inline Tensors inputs_of(const RandomFan& fan) {
  Tensors result{fan.source};
  for (const auto& list : {fan.parameters, fan.starts}) {
    for (const auto& tensor : list) {
      if (tensor.defined()) {
        result.push_back(tensor);
      }
    }
  }
  return result;
}

/// The targets as N×C×H×W, on fused kernels.
inline Tensors fused(const RandomFan& random) {
  const auto in = to_blocked(random.source, random.spec.in);
  Tensors starts;
  for (const auto& start : random.starts) {
    starts.push_back(start.defined() ? to_blocked(start, {random.spec.out_channels}).data : start);
  }
  Tensors result;
  for (const auto& target : fan(random.spec, in.data, starts, random.parameters)) {
    result.push_back(from_blocked({target, {random.spec.out_channels}}));
  }
  return result;
}

inline Tensors composed(const RandomFan& random) {
  return composed_fan(random.spec, random.source, random.starts, random.parameters);
}

/// Values, gradients of a weighted sum of the outputs, and the gradients of ⟨u, those gradients⟩.
struct Derivatives {
  Tensors values, first, second;
};

inline Derivatives derivatives(const RandomFan& random, Tensors (*compute)(const RandomFan&)) {
  Derivatives result;
  result.values = compute(random);
  torch::manual_seed(7);
  Tensors g;
  Tensors inputs = inputs_of(random);
  for (const auto& value : result.values) {
    g.push_back(torch::randn(value.sizes(), torch::kDouble).to(value.dtype()).requires_grad_());
  }
  result.first = torch::autograd::grad(result.values, inputs, g, true, true, true);
  Tensors slopes;
  Tensors u;
  for (const auto& gradient : result.first) {
    if (gradient.defined() && gradient.requires_grad()) {
      slopes.push_back(gradient);
      u.push_back(torch::randn(gradient.sizes(), torch::kDouble).to(gradient.dtype()));
    }
  }
  inputs.insert(inputs.end(), g.begin(), g.end());
  result.second = torch::autograd::grad(slopes, inputs, u, false, false, true);
  return result;
}

/// ‖a − b‖ / ‖b‖ over a list, undefined ones counting as zero.
inline double distance(const Tensors& a, const Tensors& b) {
  double difference = 0.0;
  double length = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto value = [](const Tensor& t, const Tensor& like) {
      return t.defined() ? t.detach().to(torch::kDouble)
                         : torch::zeros_like(like, torch::kDouble).detach();
    };
    if (a[i].defined() || b[i].defined()) {
      const auto x = value(a[i], b[i]);
      const auto y = value(b[i], a[i]);
      EXPECT_EQ(x.sizes(), y.sizes());
      difference += (x - y).square().sum().item<double>();
      length += y.square().sum().item<double>();
    }
  }
  return std::sqrt(difference / std::max(length, 1e-300));
}

}  // namespace sanas::kernels
