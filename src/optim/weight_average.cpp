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
    : tensors_(values_of(network)), values_(clone(tensors_)), decay_(decay) {}

void WeightAverage::update() {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (updates_ == 0 || !tensors_[i].is_floating_point()) {
      values_[i].copy_(tensors_[i]);
    } else {
      values_[i].lerp_(tensors_[i], 1.0 - decay_);
    }
  }
  ++updates_;
}

void WeightAverage::set(const TensorList& values, int64_t updates) {
  const torch::NoGradGuard no_grad;
  TORCH_CHECK(values.size() == values_.size(), values.size(), " averages for ", values_.size());
  for (size_t i = 0; i < values.size(); ++i) {
    values_[i].copy_(values[i]);
  }
  updates_ = updates;
}

}  // namespace sanas
