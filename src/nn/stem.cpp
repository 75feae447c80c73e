// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/stem.h"

#include "nn/source_fan.h"
#include "sanas/nn/operations.h"

namespace sanas {

using kernels::BlockedTensor;

Stem::Stem(torch::nn::Module& network, NetworkKind kind, int64_t channels) : channels_(channels) {
  if (kind == NetworkKind::kCifar) {
    add_layer(first_, 3, channels, 1);
    network.register_module("stem", first_);
    return;
  }
  add_layer(first_, 3, channels / 2, 2);
  first_->push_back(torch::nn::ReLU());
  add_layer(first_, channels / 2, channels, 2);
  network.register_module("stem0", first_);
  second_ = torch::nn::Sequential(torch::nn::ReLU());
  add_layer(second_, channels, channels, 2);
  network.register_module("stem1", second_);
}

/// Convolution and batch norm one after the other, as each draws its weights when it is made.
void Stem::add_layer(torch::nn::Sequential& children, int64_t in_channels, int64_t out_channels,
                     int64_t stride) {
  const auto convolution = make_convolution(in_channels, out_channels, 3, stride, 1);
  layers_.push_back({convolution, make_batch_norm(out_channels, {}), stride});
  children->push_back(layers_.back().convolution);
  children->push_back(layers_.back().norm);
}

std::pair<torch::Tensor, torch::Tensor> Stem::forward(const torch::Tensor& x) {
  auto first = first_->forward(x);
  return {first, second_.is_empty() ? first : second_->forward(first)};
}

std::pair<BlockedTensor, BlockedTensor> Stem::forward(const BlockedTensor& x) {
  std::vector<BlockedTensor> outputs{x};
  for (const Layer& layer : layers_) {
    SourceFan fan(outputs.back(), layer.convolution->weight.size(0), layer.stride, 1);
    if (outputs.size() == 1) {
      fan.read_as_it_is();
    }
    fan.add(0, layer.convolution, layer.norm);
    outputs.push_back(fan.sums({{}}).front());
  }
  const BlockedTensor& last = outputs.back();
  return {halves() ? outputs[outputs.size() - 2] : last, last};
}

}  // namespace sanas
