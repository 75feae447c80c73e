// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/stem.h"

#include "sanas/nn/operations.h"

namespace sanas {
namespace {

/// A layer at a time, as each draws its weights when it is made.
void add_convolution(torch::nn::Sequential& layers, int64_t in_channels, int64_t out_channels,
                     int64_t stride) {
  layers->push_back(make_convolution(in_channels, out_channels, 3, stride, 1));
  layers->push_back(make_batch_norm(out_channels, {}));
}

}  // namespace

Stem::Stem(torch::nn::Module& network, NetworkKind kind, int64_t channels) : channels_(channels) {
  if (kind == NetworkKind::kCifar) {
    add_convolution(first_, 3, channels, 1);
    network.register_module("stem", first_);
    return;
  }
  add_convolution(first_, 3, channels / 2, 2);
  first_->push_back(torch::nn::ReLU());
  add_convolution(first_, channels / 2, channels, 2);
  network.register_module("stem0", first_);
  second_ = torch::nn::Sequential(torch::nn::ReLU());
  add_convolution(second_, channels, channels, 2);
  network.register_module("stem1", second_);
}

std::pair<torch::Tensor, torch::Tensor> Stem::forward(const torch::Tensor& x) {
  auto first = first_->forward(x);
  return {first, second_.is_empty() ? first : second_->forward(first)};
}

}  // namespace sanas
