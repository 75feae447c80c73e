// SPDX-License-Identifier: Apache-2.0
// The attack's part of the golden toy of method §3.4.
#include <gtest/gtest.h>
#include <torch/nn.h>

#include "sanas/attack/pgd.h"
#include "sanas/attack/reweighting.h"
#include "sanas/core/parameters.h"
#include "support/device.h"
#include "support/fill.h"
#include "support/golden.h"

namespace sanas {
namespace {

using torch::Tensor;

/// f(x) = s_0 u + s_1 tanh(u) with u = x Wᵀ and s = softmax(A), on images of N×1×1×4.
struct Toy {
  Tensor x = wave({3, 1, 1, 4}, 1, 1.0);
  Tensor delta = wave({3, 1, 1, 4}, 5, 0.1);
  Tensor w1 = wave({3, 4}, 3, 0.5);
  Tensor w2 = wave({3, 4}, 4, 0.5);
  Tensor a = torch::tensor({0.2, -0.1}, torch::kDouble).to(test_device());
  Tensor labels = torch::tensor({0, 1, 2}, torch::kLong).to(test_device());

  static Tensor wave(torch::IntArrayRef shape, int64_t t, double scale) {
    return (scale * fill_wave(c10::multiply_integers(shape), t)).view(shape).to(test_device());
  }

  Classifier classifier(const Tensor& weight) const {
    return [weight, s = a.softmax(0)](const Tensor& pixels) {
      const auto u = pixels.flatten(1).matmul(weight.t());
      return s[0] * u + s[1] * torch::tanh(u);
    };
  }

  /// W1' = W1 − 0.1 ∇T.
  Tensor virtual_w1() const {
    const auto weight = w1.clone().requires_grad_(true);
    const auto loss = torch::nn::functional::cross_entropy(classifier(weight)(x), labels);
    return w1 - 0.1 * gradients_of(loss, {weight})[0];
  }
};

struct Variant {
  const char* name;
  AttackLoss loss;
  bool detach_target;
  const char* objective;
  const char* delta_sum;
  const char* first_delta;
  const char* reweighted_loss;
};

constexpr Variant kVariants[] = {
    {"soft", AttackLoss::kSoft, false, "2.641436983369", "0.057014601349",
     "0.0817269743871 0.0244533590726 -0.0443210531081 -0.0922505814764", "3.303867727803"},
    {"soft, detached", AttackLoss::kSoft, true, "2.641436983369", "0.057014601349",
     "0.0817269743871 0.0244533590726 -0.0443210531081 -0.0922505814764", "3.303867727803"},
    {"label", AttackLoss::kLabel, false, "1.727726075304", "0.100824271906",
     "0.0590244328385 0.0212345509904 -0.0265422719876 -0.0618358497153", "3.283423831901"},
};

TEST(AttackOnTheToy, MatchesTheGoldenNumbers) {
  const Toy toy;
  const auto w1 = toy.virtual_w1();
  expect_golden({w1.sum().item<double>()}, "0.938359001127");
  for (const auto& variant : kVariants) {
    SCOPED_TRACE(variant.name);
    AttackOptions options;
    options.loss = variant.loss;
    options.detach_target = variant.detach_target;
    const auto delta = toy.delta.clone().requires_grad_(true);
    const auto objective = attack_objective(toy.classifier(w1), toy.x, toy.labels, delta, options);
    expect_golden({objective.item<double>()}, variant.objective);
    // The toy's pixels are not in [0, 1], so eq. 2 is taken here instead of by attack().
    const auto stepped = toy.delta + 0.2 * gradients_of(objective, {delta})[0];
    expect_golden({stepped.sum().item<double>()}, variant.delta_sum);
    expect_golden(elements(stepped[0]), variant.first_delta);
    const auto images = reweight(toy.x, stepped, Reweighting::kDelta, options.epsilon);
    const auto loss = attack_loss(toy.classifier(toy.w2)(images), toy.labels);
    expect_golden({loss.item<double>()}, variant.reweighted_loss);
  }
}

}  // namespace
}  // namespace sanas
