// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn.h>

#include "sanas/attack/pgd.h"
#include "sanas/search/hypergradient.h"

namespace sanas {

/// The toy of method §3.4, in double: x = fill(3×4, 1, 1) and so on, logits = s_0·u + s_1·tanh(u)
/// with u = xWᵀ and s = softmax(A).
class ToyProblem {
 public:
  explicit ToyProblem(const AttackOptions& attack) : attack_(attack) {}

  /// ξ_w1 = 0.1, ξ_w2 = 0.3, no momentum and no weight decay.
  VirtualStep step1() const { return {.step_size = 0.1, .momentum_buffers = {}}; }
  VirtualStep step2() const { return {.step_size = 0.3, .momentum_buffers = {}}; }

  /// ξ_δ = 0.2, γ = 0.5.
  HypergradientOptions options(SecondOrderApproximation approximation) const {
    HypergradientOptions result;
    result.approximation = approximation;
    result.gamma = 0.5;
    result.delta_step_size = 0.2;
    result.shared_passes = false;
    return result;
  }

  FourLevelProblem problem() {
    using torch::nn::functional::cross_entropy;
    using torch::nn::functional::CrossEntropyFuncOptions;
    FourLevelProblem p;
    p.architecture = {a};
    p.weights1 = {w1};
    p.weights2 = {w2};
    p.delta = delta;
    p.train1 = [this] { return cross_entropy(logits(x, w1), labels); };
    p.attack = [this] {
      return attack_objective([this](const torch::Tensor& pixels) { return logits(pixels, w1); }, x,
                              labels, delta, attack_);
    };
    p.train2 = [this] {
      return cross_entropy(logits(delta * x, w2), labels,
                           CrossEntropyFuncOptions().reduction(torch::kSum));
    };
    p.validation1 = [this] { return cross_entropy(logits(x_val, w1), labels_val); };
    p.validation2 = [this] { return cross_entropy(logits(x_val, w2), labels_val); };
    return p;
  }

  torch::Tensor x = fill({3, 4}, 1, 1.0);
  torch::Tensor x_val = fill({2, 4}, 2, 1.0);
  torch::Tensor labels = torch::tensor({0, 1, 2}, torch::kLong);
  torch::Tensor labels_val = torch::tensor({2, 0}, torch::kLong);
  torch::Tensor w1 = fill({3, 4}, 3, 0.5).requires_grad_(true);
  torch::Tensor w2 = fill({3, 4}, 4, 0.5).requires_grad_(true);
  torch::Tensor a = torch::tensor({0.2, -0.1}, torch::kDouble).requires_grad_(true);
  torch::Tensor delta = fill({3, 4}, 5, 0.1).requires_grad_(true);

 private:
  /// s·sin(0.7k + 0.3t), k = 1 … in row-major order.
  static torch::Tensor fill(const std::vector<int64_t>& shape, double t, double s) {
    const auto flat = torch::arange(1, 1 + shape[0] * shape[1], torch::kDouble);
    return (s * torch::sin(0.7 * flat + 0.3 * t)).view(shape);
  }

  torch::Tensor logits(const torch::Tensor& inputs, const torch::Tensor& weights) const {
    const auto u = inputs.mm(weights.t());
    const auto s = a.softmax(0);
    return s[0] * u + s[1] * torch::tanh(u);
  }

  AttackOptions attack_;
};

}  // namespace sanas
