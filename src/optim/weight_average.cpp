// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/weight_average.h"

namespace sanas {

TensorList values_of(const torch::nn::Module& network) {
  TensorList values = network.parameters();
  const TensorList buffers = network.buffers();
  values.insert(values.end(), buffers.begin(), buffers.end());
  return values;
}

WeightAverage::WeightAverage(const torch::nn::Module& network, double decay)
    : tensors_(values_of(network)), decay_(decay), state_{clone(tensors_)} {}

void WeightAverage::update() {
  if (state_.updates++ == 0) {
    copy_in_place(state_.values, tensors_);
    return;
  }
  const torch::NoGradGuard no_grad;
  TensorList averages;
  TensorList floating;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (tensors_[i].is_floating_point()) {
      averages.push_back(state_.values[i]);
      floating.push_back(tensors_[i]);
    } else {  // a count, on the CPU
      state_.values[i].copy_(tensors_[i]);
    }
  }
  at::_foreach_lerp_(averages, floating, 1.0 - decay_);
}

void WeightAverage::set_state(const State& state) {
  copy_in_place(state_.values, state.values);
  state_.updates = state.updates;
}

}  // namespace sanas
