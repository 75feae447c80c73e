// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/stem.h"

#include "sanas/nn/operations.h"

namespace sanas {

torch::nn::Sequential make_cifar_stem(int64_t channels) {
  return torch::nn::Sequential(make_convolution(3, channels, 3, 1, 1),
                               make_batch_norm(channels, {}));
}

torch::nn::Sequential make_imagenet_stem0(int64_t channels) {
  return torch::nn::Sequential(make_convolution(3, channels / 2, 3, 2, 1),
                               make_batch_norm(channels / 2, {}), torch::nn::ReLU(),
                               make_convolution(channels / 2, channels, 3, 2, 1),
                               make_batch_norm(channels, {}));
}

torch::nn::Sequential make_imagenet_stem1(int64_t channels) {
  return torch::nn::Sequential(torch::nn::ReLU(), make_convolution(channels, channels, 3, 2, 1),
                               make_batch_norm(channels, {}));
}

}  // namespace sanas
