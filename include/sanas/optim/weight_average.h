// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include "sanas/core/parameters.h"

namespace sanas {

/// Exponential moving average of a network's parameters and running statistics, as PyTorch's
/// AveragedModel with get_ema_multi_avg_fn and use_buffers: the first update copies, each later one
/// sets average ← decay · average + (1 − decay) · value. Whole-number buffers are copied.
class WeightAverage {
 public:
  /// @param decay in [0, 1). `network` has to outlive the average.
  WeightAverage(const torch::nn::Module& network, double decay);

  void update();

  /// The averages in the order of `values_of(network)`.
  const TensorList& values() const { return values_; }
  /// To save and go on: how many updates there were.
  int64_t updates() const { return updates_; }
  /// Takes over averages, e.g. from a checkpoint.
  void set(const TensorList& values, int64_t updates);

 private:
  TensorList tensors_;
  TensorList values_;
  double decay_;
  int64_t updates_ = 0;
};

/// Parameters, then buffers, in registration order; shared memory with the network.
TensorList values_of(const torch::nn::Module& network);

}  // namespace sanas
