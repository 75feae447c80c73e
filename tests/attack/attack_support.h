// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn.h>

#include "sanas/attack/pgd.h"
#include "support/device.h"
#include "support/fill.h"

namespace sanas {

inline torch::TensorOptions doubles() { return torch::dtype(torch::kDouble).device(test_device()); }

/// Random images whose pixels include the ends 0 and 1.
inline torch::Tensor random_images(int64_t count, int64_t size) {
  return (torch::rand({count, 3, size, size}, doubles()) * 1.2 - 0.1).clamp(0.0, 1.0);
}

inline torch::Tensor random_labels(int64_t count, int64_t classes) {
  return torch::randint(classes, {count}, torch::dtype(torch::kLong).device(test_device()));
}

/// A small convolution network with random weights; `dropout` makes it draw random numbers.
inline torch::nn::Sequential make_network(double dropout = 0.0) {
  torch::nn::Sequential network(
      torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 6, 3).padding(1)), torch::nn::Softplus(),
      torch::nn::Dropout(dropout),
      torch::nn::Conv2d(torch::nn::Conv2dOptions(6, 6, 3).stride(2).padding(1)), torch::nn::Tanh(),
      torch::nn::AdaptiveAvgPool2d(1), torch::nn::Flatten(), torch::nn::Linear(6, 4));
  network->to(test_device(), torch::kDouble);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : network->parameters()) {
    parameter.mul_(3.0);  // far enough from linear for predictions that differ
  }
  return network;
}

inline Classifier classifier_of(const torch::nn::Sequential& network) {
  return [network = network](const torch::Tensor& x) mutable { return network->forward(x); };
}

/// The same linear classifier for any image size, with gradients that can be written down.
struct LinearClassifier {
  torch::Tensor weight;  // K × d

  torch::Tensor operator()(const torch::Tensor& pixels) const {
    return pixels.flatten(1).matmul(weight.t());
  }
  /// Wᵀ(softmax(logits) − target), the gradient of the cross-entropy.
  torch::Tensor gradient(const torch::Tensor& pixels, const torch::Tensor& target) const {
    return ((*this)(pixels).softmax(1) - target).matmul(weight).view_as(pixels);
  }
};

inline LinearClassifier linear_classifier(int64_t classes, int64_t dimension) {
  return {fill_wave(classes * dimension, 2).view({classes, dimension}).to(test_device())};
}

inline torch::Tensor one_hot_rows(const torch::Tensor& labels, int64_t classes) {
  return torch::nn::functional::one_hot(labels, classes).to(torch::kDouble);
}

inline AttackOptions with(AttackLoss loss, AttackNorm norm = AttackNorm::kLinf) {
  AttackOptions options;
  options.loss = loss;
  options.norm = norm;
  return options;
}

inline double largest_length(const torch::Tensor& delta) {
  return delta.flatten(1).norm(2, 1).max().item<double>();
}

}  // namespace sanas
