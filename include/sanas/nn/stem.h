// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn.h>

namespace sanas {

/// 3×3 convolution 3 → channels and affine batch norm, for CIFAR-sized images.
torch::nn::Sequential make_cifar_stem(int64_t channels);

/// Two stride-2 convolutions 3 → channels/2 → channels, for ImageNet-sized images: a quarter of the
/// height and width (darts-family §5.3).
torch::nn::Sequential make_imagenet_stem0(int64_t channels);

/// ReLU, stride-2 convolution and batch norm behind the first stem: an eighth of the size.
torch::nn::Sequential make_imagenet_stem1(int64_t channels);

}  // namespace sanas
