// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <functional>

namespace sanas {

/// Whether what a network says of an image in evaluation mode depends on that image alone: no batch
/// norm takes its statistics from the batch, and nothing is drawn.
bool rows_are_independent(const torch::nn::Module& network);

/// Images that a forward pass without gradients takes at a time: as many as have 32 MiB in use
/// together (on a GPU 4 GiB), 1024 at most, but not fewer than `training`, of which a training step
/// keeps more. A function of the network, the size of an image and the kind of device alone.
/// @param forward on an image, 1×3×H×W, in evaluation mode.
/// @param training images of a training step.
int64_t inference_batch_size(const std::function<void(const torch::Tensor&)>& forward,
                             const torch::Tensor& image, int64_t training);

}  // namespace sanas
