// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/perturbation_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

Batch batch_of(const std::vector<int64_t>& samples) {
  const auto count = static_cast<int64_t>(samples.size());
  return {torch::full({count, 3, 4, 4}, 0.5), torch::zeros({count}, torch::kInt64),
          torch::tensor(samples, torch::kInt64)};
}

torch::Tensor start_of(const PerturbationStore& store, const Batch& batch) {
  const FrozenRandomness frozen(7);
  return store.start(batch);
}

TEST(PerturbationStore, BeginsAnewWhereNothingIsKept) {
  PerturbationStore store({}, /*keep=*/false);
  const auto batch = batch_of({4, 9});
  store.keep(batch, torch::full_like(batch.images, 0.01));
  EXPECT_TRUE(start_of(store, batch).equal([&] {
    const FrozenRandomness frozen(7);
    return initial_perturbation(batch.images, {});
  }()));
  EXPECT_EQ(store.state().samples.numel(), 0);
}

TEST(PerturbationStore, GoesOnWhereTheLastAttackOnTheSameImageEnded) {
  PerturbationStore store({}, /*keep=*/true);
  const auto first = batch_of({4, 9});
  const auto fresh = start_of(store, first);
  auto delta = torch::full_like(first.images, 0.01);
  delta[1].fill_(-0.02);
  store.keep(first, delta);
  const auto second = start_of(store, batch_of({9, 5}));
  EXPECT_TRUE(torch::allclose(second[0], delta[1], 0.0, 1e-7))
      << "by sample, not by place in the batch";
  EXPECT_TRUE(second[1].equal(fresh[1])) << "others draw the same numbers as before";
}

TEST(PerturbationStore, KeptOnesAreMovedIntoTheBoxOfTheNewImage) {
  PerturbationStore store({}, /*keep=*/true);
  auto batch = batch_of({1});
  store.keep(batch, torch::full_like(batch.images, 0.03));
  batch.images.fill_(0.98);
  EXPECT_TRUE(torch::allclose(start_of(store, batch), torch::full_like(batch.images, 0.02)));
}

// A byte per value: the largest is exact, others within half a step of 1/127 of it.
TEST(PerturbationStore, RoundsToSevenBitsOfTheLargest) {
  PerturbationStore store({}, /*keep=*/true);
  const auto batch = batch_of({2, 6, 8});
  auto delta = (torch::arange(3 * 48).view({3, 3, 4, 4}) * 0.7).sin() * 0.03;
  delta[2].zero_();
  store.keep(batch, delta);
  const auto error = (start_of(store, batch) - delta).abs();
  EXPECT_LT(error.max().item<double>(), 0.03 / 254.0 + 1e-7);
  EXPECT_GT(error.max().item<double>(), 0.0);
  EXPECT_EQ(error[2].max().item<double>(), 0.0) << "nothing is nothing";
  EXPECT_EQ(store.state().codes.scalar_type(), torch::kInt8);
  EXPECT_EQ(store.state().codes.sizes(), delta.sizes());
}

TEST(PerturbationStore, GrowsAndTakesTheLastOfEachImage) {
  PerturbationStore store({}, /*keep=*/true);
  for (int64_t round = 1; round <= 2; ++round) {
    for (int64_t first = 0; first < 20; first += 4) {
      const auto batch = batch_of({first, first + 1, first + 2, first + 3});
      store.keep(batch, batch.indices.view({-1, 1, 1, 1}).to(torch::kFloat32).expand({4, 3, 4, 4}) *
                            0.0005 * static_cast<double>(round));
    }
  }
  EXPECT_EQ(store.state().samples.size(0), 20);
  const auto start = start_of(store, batch_of({19, 3}));
  EXPECT_NEAR(start[0].max().item<double>(), 0.019, 1e-7);
  EXPECT_NEAR(start[1].min().item<double>(), 0.003, 1e-7);
}

TEST(PerturbationStore, StateGoesThereAndBack) {
  PerturbationStore store({}, /*keep=*/true);
  const auto batch = batch_of({12, 3, 7});
  store.keep(batch, torch::rand_like(batch.images) * 0.01);
  PerturbationStore other({}, /*keep=*/true);
  other.set_state(store.state());
  EXPECT_TRUE(start_of(other, batch).equal(start_of(store, batch)));
  const auto more = batch_of({12, 1});  // goes on alike
  for (auto* one : {&store, &other}) {
    one->keep(more, torch::full_like(more.images, 0.02));
  }
  EXPECT_TRUE(other.state().codes.equal(store.state().codes));
  EXPECT_TRUE(other.state().samples.equal(store.state().samples));
}

TEST(PerturbationStore, RefusesWhatIsNoState) {
  PerturbationStore store({}, /*keep=*/true);
  const auto batch = batch_of({12, 3});
  store.keep(batch, torch::full_like(batch.images, 0.02));
  auto state = store.state();
  state.scales = state.scales.narrow(0, 0, 1);
  EXPECT_THROW(store.set_state(state), FileError);
  state = store.state();
  state.codes = state.codes.to(torch::kFloat32);
  EXPECT_THROW(store.set_state(state), FileError);
}

// CIFAR's 25,000 images of 3 KiB are well below the limit, an ImageNet's tenth is far above.
TEST(PerturbationStore, IsRefusedWhereItWouldNotFit) {
  EXPECT_EQ(perturbation_bytes(25'000, 32, 32), 25'000 * (3072 + 12));
  EXPECT_NO_THROW(check_perturbations(25'000, 32, 32));
  EXPECT_THAT([] { check_perturbations(128'000, 224, 224); },
              testing::ThrowsMessage<ConfigError>(
                  testing::AllOf(testing::StartsWith("attack.persistent: "),
                                 testing::HasSubstr("128000 images of 224×224 take 18376 MiB"))));
}

}  // namespace
}  // namespace sanas
