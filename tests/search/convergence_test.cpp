// SPDX-License-Identifier: Apache-2.0
// On a smooth network finite differences converge to the exact hypergradient with order α²
// (method §3.5).
#include <gtest/gtest.h>
#include <torch/nn.h>

#include <cmath>

#include "sanas/attack/pgd.h"
#include "sanas/optim/metrics.h"
#include "sanas/search/hypergradient.h"
#include "support/device.h"

namespace sanas {
namespace {

/// Two convolutions with softplus and average pooling; A mixes a 3×3 and a 1×1 path by a softmax.
class SmoothNetwork : public torch::nn::Module {
 public:
  SmoothNetwork() {
    wide_ =
        register_module("wide", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 6, 3).padding(1)));
    narrow_ = register_module("narrow", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 6, 1)));
    classifier_ = register_module("classifier", torch::nn::Linear(6 * 4, 5));
    to(test_device(), torch::kDouble);
  }

  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& alphas) {
    const auto weights = alphas.softmax(0);
    const auto mixed = weights[0] * wide_->forward(x) + weights[1] * narrow_->forward(x);
    return classifier_->forward(
        torch::avg_pool2d(torch::nn::functional::softplus(mixed), 4).flatten(1));
  }

 private:
  torch::nn::Conv2d wide_{nullptr};
  torch::nn::Conv2d narrow_{nullptr};
  torch::nn::Linear classifier_{nullptr};
};

class Convergence : public testing::Test {
 protected:
  Convergence() {
    torch::manual_seed(4);
    const auto make = [] { return torch::rand({6, 3, 8, 8}, torch::kDouble).to(test_device()); };
    train_ = make();
    validation_ = make();
    labels_ = torch::randint(5, {6}, torch::kInt64).to(test_device());
    net1_ = std::make_shared<SmoothNetwork>();
    net2_ = std::make_shared<SmoothNetwork>();
    alphas_ = torch::tensor({0.3, -0.2}, torch::kDouble).to(test_device()).requires_grad_();
    delta_ = (0.2 * make() - 0.1).requires_grad_();
  }

  Hypergradient compute(SecondOrderApproximation approximation, double radius) const {
    const auto logits = [this](const std::shared_ptr<SmoothNetwork>& net, const torch::Tensor& x) {
      return net->forward(x, alphas_);
    };
    FourLevelProblem problem;
    problem.architecture = {alphas_};
    problem.weights1 = net1_->parameters();
    problem.weights2 = net2_->parameters();
    problem.delta = delta_;
    problem.train1 = [&] { return cross_entropy(logits(net1_, train_), labels_); };
    problem.attack = [&] {
      return attack_objective([&](const torch::Tensor& x) { return logits(net1_, x); }, train_,
                              labels_, delta_, {});
    };
    problem.train2 = [&] { return cross_entropy(logits(net2_, delta_ * train_), labels_); };
    problem.validation1 = [&] { return cross_entropy(logits(net1_, validation_), labels_); };
    problem.validation2 = [&] { return cross_entropy(logits(net2_, validation_), labels_); };
    HypergradientOptions options;
    options.approximation = approximation;
    options.finite_difference_radius = radius;
    options.shared_passes = false;
    options.delta_step_size = 0.5;
    return four_level_hypergradient(problem, {.step_size = 0.5}, {.step_size = 0.5}, options, true);
  }

  torch::Tensor train_, validation_, labels_, alphas_, delta_;
  std::shared_ptr<SmoothNetwork> net1_, net2_;
};

TEST_F(Convergence, OfEachTermIsOfSecondOrderForTwoAndOfFourthForFourPoints) {
  const auto exact = compute(SecondOrderApproximation::kExact, 0.0);
  const auto slope = [&](Term term, SecondOrderApproximation approximation, double radius) {
    const TensorList& limit = exact.terms[term];
    const auto error = [&](double r) {
      return norm(add(compute(approximation, r).terms[term], limit, -1.0)) / norm(limit);
    };
    return std::log2(error(radius) / error(radius / 2.0));
  };
  for (const Term term :
       {Term::kWeights1, Term::kWeights2, Term::kDeltaDirect, Term::kDeltaWeights1}) {
    SCOPED_TRACE(symbol(term));
    ASSERT_GT(norm(exact.terms[term]), 0.0);
    const double two = slope(term, SecondOrderApproximation::kFiniteDifference, 0.05);
    EXPECT_GT(two, 1.8);
    EXPECT_LT(two, 2.2);
    const double four = slope(term, SecondOrderApproximation::kCentral4, 0.05);
    EXPECT_GT(four, 3.6);
    EXPECT_LT(four, 4.4);
  }
}

}  // namespace
}  // namespace sanas
