// SPDX-License-Identifier: Apache-2.0
#pragma once

// The exponential moving average of a network's weights.

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

  /// What is to be saved in order to go on.
  struct State {
    /// The averages in the order of `values_of(network)`.
    TensorList values;
    int64_t updates = 0;
  };
  /// Shares memory with the average.
  const State& state() const { return state_; }
  /// Takes over averages, e.g. from a checkpoint.
  void set_state(const State& state);

 private:
  TensorList tensors_;
  double decay_;
  State state_;
};

/// Parameters, then buffers, in registration order; shared memory with the network.
TensorList values_of(const torch::nn::Module& network);

}  // namespace sanas
