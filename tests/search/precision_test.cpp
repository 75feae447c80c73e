// SPDX-License-Identifier: Apache-2.0
// Float32 on the test device against double on the CPU, at the same weights on the same images:
// what a search loses by single precision there. With TF32 (core/autocast.h) the total by
// differences is off by half, which the tolerances tell apart.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sanas/core/autocast.h"
#include "sanas/kernels/kernel_choice.h"
#include "search/small_search.h"
#include "search/tiny_search.h"
#include "support/convolution_watch.h"

namespace sanas {
namespace {

/// W1, W2 and A with the same values on any device in any floating type, and two batches.
class Side {
 public:
  Side(const torch::Device& device, torch::Dtype type)
      : device_(device),
        type_(type),
        networks_(make_networks()),
        weights1_(networks_.net1->parameters(), options()),
        weights2_(networks_.net2->parameters(), options()),
        train_(batch(0.0)),
        validation_(batch(1.0)) {}

  Hypergradient hypergradient(SecondOrderApproximation approximation) {
    SearchOptions search;
    search.hypergradient.approximation = approximation;
    search.attack.steps = 0;  // eq. 2, which has no sign that rounding could turn over
    SanasArchitect architect(networks_, weights1_, weights2_, search);
    const auto delta = (0.02 * input_pattern({kExamples, 3, 16, 16}, 2.0)).to(device_, type_);
    return architect.gradient_from(train_, validation_, delta, /*seed=*/7, /*split_terms=*/true);
  }

  /// Losses of some updates of W1.
  std::vector<double> train() {
    std::vector<double> losses;
    for (int step = 0; step < 5; ++step) {
      const auto loss = cross_entropy(networks_.net1->forward(train_.images), train_.labels);
      weights1_.step(gradients_of(loss, weights1_.parameters()));
      losses.push_back(loss.item<double>());
    }
    return losses;
  }

 private:
  static constexpr int64_t kExamples = 4;

  static WeightOptimizerOptions options() { return {}; }

  SearchNetworks make_networks() const {
    const FrozenRandomness frozen(1);  // everything is drawn on the CPU in float32
    auto choice = choice_of("darts");
    choice.nodes = 2;
    choice.options.channels = 8;
    choice.options.cells = 3;
    const auto architecture = make_architecture(choice, 0.5);
    architecture->to(device_, type_);
    SearchNetworks result;
    for (auto* net : {&result.net1, &result.net2}) {
      *net = make_supernet(choice, architecture);
      (*net)->to(device_, type_);
    }
    return result;
  }

  Batch batch(double phi) const {
    const auto index = torch::arange(kExamples, torch::kInt64);
    const auto images = (input_pattern({kExamples, 3, 16, 16}, phi) + 1.5) / 3.0;
    Batch result{images.to(torch::kFloat32).to(type_), (3 * index + 1) % 10, index};
    return result.to(device_);
  }

  torch::Device device_;
  torch::Dtype type_;
  SearchNetworks networks_;
  WeightOptimizer weights1_;
  WeightOptimizer weights2_;
  Batch train_;
  Batch validation_;
};

class SinglePrecision : public testing::Test {
 protected:
  SinglePrecision() { configure_device(test_device(), 1, /*deterministic=*/true); }

  /// ‖float32 − double‖ / ‖double‖ of each term, which `scripts/gpu_check.sh` reads.
  std::map<std::string, double> errors(SecondOrderApproximation approximation) {
    const auto expected = Side(torch::kCPU, torch::kDouble).hypergradient(approximation);
    const auto actual = Side(test_device(), torch::kFloat32).hypergradient(approximation);
    std::map<std::string, double> result;
    const auto compare = [&](const std::string& name, const TensorList& found,
                             const TensorList& exact) {
      TensorList on_host;
      for (const auto& tensor : found) {
        on_host.push_back(tensor.to(torch::kCPU, torch::kDouble));
      }
      result[name] = relative_error(on_host, exact);
      std::printf("term %s/%s on %s relative-error %.3e\n", to_string(approximation).c_str(),
                  name.c_str(), test_device().str().c_str(), result[name]);
    };
    compare("total", actual.total, expected.total);
    for (const Term term : kTerms) {
      compare(symbol(term), actual.terms[term], expected.terms[term]);
    }
    return result;
  }
};

TEST_F(SinglePrecision, OfTheExactHypergradient) {
  for (const auto& [term, error] : errors(SecondOrderApproximation::kExact)) {
    EXPECT_LT(error, 0.03) << term;
  }
}

TEST_F(SinglePrecision, OfTheHypergradientByDifferences) {
  const auto error = errors(SecondOrderApproximation::kFiniteDifference);
  EXPECT_LT(error.at("total"), 0.1);
  EXPECT_LT(error.at("d1"), 0.03);
  EXPECT_LT(error.at("d2"), 0.03);
}

TEST_F(SinglePrecision, OfTraining) {
  const auto expected = Side(torch::kCPU, torch::kDouble).train();
  const auto actual = Side(test_device(), torch::kFloat32).train();
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], 1e-3 * expected[i]) << "step " << i;
  }
  EXPECT_LT(expected.back(), expected.front());
}

/// One mini-batch of a search whose attacks and architecture begin in those epochs.
ConvolutionCounts convolutions_of_a_step(Precision precision, int64_t attack_start,
                                         int64_t architecture_start) {
  auto options = quick_options();
  options.precision = precision;
  options.hypergradient.order = HypergradientOrder::kSecond;
  options.hypergradient.approximation = SecondOrderApproximation::kFiniteDifference;
  options.max_steps = 1;
  options.validate_every = 0;
  options.architecture.start_epoch = architecture_start;
  options.attack_start_epoch = attack_start;
  TinySearch search(options);
  const ScopedComposed operators;  // which are counted
  const ConvolutionWatch watch;
  search.loop.run();
  return watch.counts();
}

constexpr int64_t kNever = 9;

TEST(SearchPrecision, Tf32IsForTheUpdatesOfWeightsAlone) {
  allow_tf32(false);
  const auto weights = convolutions_of_a_step(Precision::kTf32, kNever, kNever);
  EXPECT_GT(weights.tf32, 0);
  EXPECT_EQ(weights.plain, 0);
  const auto attacked = convolutions_of_a_step(Precision::kTf32, 0, kNever);
  EXPECT_EQ(attacked.tf32, weights.tf32);
  EXPECT_GT(attacked.plain, 0);
  const auto all = convolutions_of_a_step(Precision::kTf32, 0, 0);
  EXPECT_EQ(all.tf32, weights.tf32);
  EXPECT_GT(all.plain, attacked.plain);
  EXPECT_FALSE(tf32_is_allowed());
}

TEST(SearchPrecision, Bfloat16IsForTheUpdatesOfWeightsAndTheirAttacks) {
  const auto weights = convolutions_of_a_step(Precision::kBfloat16, kNever, kNever);
  EXPECT_GT(weights.bfloat16, 0);
  EXPECT_EQ(weights.plain, 0);
  const auto attacked = convolutions_of_a_step(Precision::kBfloat16, 0, kNever);
  EXPECT_GT(attacked.bfloat16, weights.bfloat16);
  EXPECT_EQ(attacked.plain, 0);
  const auto all = convolutions_of_a_step(Precision::kBfloat16, 0, 0);
  EXPECT_EQ(all.bfloat16, attacked.bfloat16);
  EXPECT_GT(all.plain, 0);
}

/// Losses of the first mini-batches, in first order.
std::vector<double> first_losses(Precision precision) {
  struct Losses : SearchObserver {
    void on_step(const StepReport& report) override {
      for (const auto& level : {report.weights1, report.weights2}) {
        if (level) {
          values.push_back(level->loss);
        }
      }
    }
    std::vector<double> values;
  } losses;
  auto options = quick_options();
  options.precision = precision;
  options.max_steps = 4;
  options.validate_every = 0;
  TinySearch search(options);
  search.loop.add_observer(losses);
  search.loop.run();
  for (const auto& parameter : search.loop.weights1().parameters()) {
    EXPECT_EQ(parameter.scalar_type(), torch::kFloat32);
  }
  return losses.values;
}

TEST(SearchPrecision, Bfloat16HasTheLossesOfFloat32ToItsOwnPrecision) {
  const auto expected = first_losses(Precision::kFloat32);
  const auto actual = first_losses(Precision::kBfloat16);
  ASSERT_EQ(actual.size(), expected.size());
  EXPECT_NE(actual, expected);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], 0.05 * expected[i]) << i;
  }
}

}  // namespace
}  // namespace sanas
