// SPDX-License-Identifier: Apache-2.0
// Images that can't be decoded, and numbers that are not finite.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sanas/core/error.h"
#include "search/tiny_search.h"

namespace sanas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// How many of four images are bad.
class BadSearchImages : public testing::TestWithParam<int64_t> {
 protected:
  BadSearchImages() {
    options_.epochs = 1;
    options_.update_every = {1, 1, 1};
    options_.hypergradient.order = HypergradientOrder::kSecond;
    options_.hypergradient.approximation = SecondOrderApproximation::kFiniteDifference;
    options_.eigenvalue = {.every = 1, .iterations = 2};
  }
  bool is_usable() const { return GetParam() < 3; }
  SearchOptions options_ = quick_options();
};

TEST_P(BadSearchImages, OfW1AndW2AreLeftOutWhateverIsLeft) {
  TinySearch search(options_);
  const auto order = search.train().order(0);
  search.dataset().bad_samples.insert(order.begin(), order.begin() + GetParam());
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  const auto expected = is_usable() ? std::vector<int64_t>{0, 1, 2} : std::vector<int64_t>{1, 2};
  for (const auto& moved : witness.moved) {  // the architecture needs a training batch, too
    EXPECT_EQ(moved, expected);
  }
  EXPECT_EQ(search.loop.counts().skipped_images, GetParam());
  EXPECT_EQ(search.loop.counts().skipped_updates, 0);
  EXPECT_EQ(witness.epochs.at(0).train1.count(), 8 + (is_usable() ? 4 - GetParam() : 0));
}

TEST_P(BadSearchImages, OfTheArchitectureAreLeftOutWhateverIsLeft) {
  TinySearch search(options_);
  const auto order = search.validation().order(0);
  search.dataset().bad_samples.insert(order.begin(), order.begin() + GetParam());
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  // Three batches: two of the first pass over eight images and one of the second.
  const auto& third = search.validation().order(1);
  const auto bad_in_third = std::count_if(third.begin(), third.begin() + 4, [&](int64_t sample) {
    return search.dataset().bad_samples.contains(sample);
  });
  std::vector<int64_t> expected{1};
  if (is_usable()) {
    expected.insert(expected.begin(), 0);
  }
  if (bad_in_third < 3) {
    expected.push_back(2);
  }
  EXPECT_EQ(witness.moved[2], expected);
  EXPECT_THAT(witness.moved[0], ElementsAre(0, 1, 2));
  const auto& epoch = witness.epochs.at(0);
  EXPECT_EQ(epoch.validation->count(), 8 - GetParam());
  EXPECT_TRUE(std::isfinite(epoch.eigenvalue.value()));
}

INSTANTIATE_TEST_SUITE_P(OfFour, BadSearchImages, testing::Values(1, 2, 3, 4));

TEST(SearchTolerance, NothingToValidateIsNoNumber) {
  auto options = quick_options();
  options.epochs = 1;
  options.update_every.architecture = 100;
  options.eigenvalue.every = 1;
  TinySearch search(options);
  for (int64_t i = 12; i < 20; ++i) {
    search.dataset().bad_samples.insert(i);
  }
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  try {
    search.loop.run();
    EXPECT_FALSE(witness.epochs.at(0).validation.has_value());
    EXPECT_FALSE(witness.epochs.at(0).eigenvalue.has_value());
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("decoded")) << "says so in one line";
  }
}

/// Puts a NaN into a network's classifier after a step.
class Saboteur : public SearchObserver {
 public:
  Saboteur(Supernet& net, int64_t step) : net_(net), step_(step) {}
  void on_step(const StepReport& report) override {
    if (report.step == step_) {
      const torch::NoGradGuard no_grad;
      net_.named_parameters()["classifier.bias"][0] = std::numeric_limits<float>::quiet_NaN();
    }
  }

 private:
  Supernet& net_;
  int64_t step_;
};

void expect_stop(bool second_network, int64_t struck, int64_t start_epoch,
                 const std::string& message) {
  auto options = quick_options();
  options.architecture.start_epoch = start_epoch;
  TinySearch search(options);
  const auto& networks = search.loop.networks();
  Saboteur saboteur(second_network ? *networks.net2 : *networks.net1, struck);
  search.loop.add_observer(saboteur);
  EXPECT_THAT([&] { search.loop.run(); }, ThrowsMessage<NonFiniteError>(HasSubstr(message)));
}

TEST(SearchTolerance, ANanStopsItAndIsReportedWithLevelAndStep) {
  expect_stop(false, 3, 9, "level 'weights 1' is not finite at step 4");
  expect_stop(true, 5, 9, "level 'weights 2' is not finite at step 6");
  expect_stop(true, 3, 0, "level 'architecture' is not finite at step 5");
}

TEST(SearchTolerance, ANanInThePerturbationStopsIt) {
  auto options = quick_options();
  options.architecture.start_epoch = 9;
  options.update_every.weights1 = 2;  // step 3 attacks a network that it doesn't train
  TinySearch search(options);
  Saboteur saboteur(*search.loop.networks().net1, 2);
  search.loop.add_observer(saboteur);
  EXPECT_THAT([&] { search.loop.run(); },
              ThrowsMessage<NonFiniteError>(HasSubstr("level 'attack' is not finite at step 3")));
}

/// Multiplies a network's classifier, so that its logits leave float32 while its weights stay
/// finite, and puts it back after some step.
class Inflation : public SearchObserver {
 public:
  Inflation(Supernet& net, int64_t until)
      : weight_(net.named_parameters()["classifier.weight"]),
        saved_(weight_.detach().clone()),
        until_(until) {
    const torch::NoGradGuard no_grad;
    weight_.copy_(saved_.sign() * 3e38F);
  }
  void on_step(const StepReport& report) override {
    if (report.step == until_) {
      const torch::NoGradGuard no_grad;
      weight_.copy_(saved_);
    }
  }

 private:
  torch::Tensor weight_;
  torch::Tensor saved_;
  int64_t until_;
};

SearchOptions skipping() {
  auto options = quick_options();
  options.on_nonfinite = NonFinitePolicy::kSkip;
  return options;
}

TEST(SearchTolerance, UpdatesThatAreNotFiniteAreLeftOutAndCounted) {
  TinySearch search(skipping());
  Inflation inflation(*search.loop.networks().net2, 6);
  Witness witness(search.loop);
  search.loop.add_observer(inflation);
  search.loop.add_observer(witness);
  search.loop.run();
  EXPECT_EQ(search.loop.counts().skipped_updates, 3 + 2);  // of W2 in steps 0, 3, 6; of A in 0, 5
  EXPECT_EQ(witness.moved[0].size(), 15U);
  EXPECT_THAT(witness.moved[1], ElementsAre(6, 9, 12)) << "after step 6 it is put back";
  EXPECT_THAT(witness.moved[2], ElementsAre(10));
  EXPECT_EQ(witness.epochs[1].counts.skipped_updates, 2 + 2);
}

TEST(SearchTolerance, LeavingOutHasAnEnd) {
  TinySearch search(skipping());
  Inflation inflation(*search.loop.networks().net1, 100);
  search.loop.add_observer(inflation);
  EXPECT_THAT([&] { search.loop.run(); },
              ThrowsMessage<NonFiniteError>(HasSubstr("level 'weights 1' is not finite at step 4, "
                                                      "for the 5th time in a row")));
}

TEST(SearchTolerance, WeightsThatAreNotFiniteEndTheSearchAtOnce) {
  TinySearch search(skipping());
  {
    const torch::NoGradGuard no_grad;
    search.loop.networks().net2->named_parameters()["classifier.bias"][0] =
        std::numeric_limits<float>::quiet_NaN();
  }
  EXPECT_THAT([&] { search.loop.run(); },
              ThrowsMessage<NonFiniteError>(HasSubstr("the weights themselves are not")));
  EXPECT_EQ(search.loop.step(), 0);
}

// Gradients of 1e4 times a rate of 1e38 are beyond float32; after the last mini-batch no loss would
// show it.
TEST(SearchTolerance, ALastUpdateThatBlowsTheWeightsUpEndsTheSearch) {
  auto options = skipping();
  options.method = SearchMethod::kPlain;
  options.weights.schedule.learning_rate = 1e38;
  options.weights.gradient_clip = 0.0;
  options.max_steps = 1;
  TinySearch search(options);
  {
    const torch::NoGradGuard no_grad;
    search.loop.networks().net1->named_parameters()["classifier.weight"].mul_(1e4);
  }
  EXPECT_THAT([&] { search.loop.run(); },
              ThrowsMessage<NonFiniteError>(HasSubstr("are not finite after step 0")));
  EXPECT_EQ(search.loop.step(), 0);
}

}  // namespace
}  // namespace sanas
