// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/perturbation_store.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(store.state().first.numel(), 0);
}

TEST(PerturbationStore, GoesOnWhereTheLastAttackOnTheSameImageEnded) {
  PerturbationStore store({}, /*keep=*/true);
  const auto first = batch_of({4, 9});
  const auto fresh = start_of(store, first);
  auto delta = torch::full_like(first.images, 0.01);
  delta[1].fill_(-0.02);
  store.keep(first, delta);
  const auto second = start_of(store, batch_of({9, 5}));
  EXPECT_TRUE(second[0].equal(delta[1])) << "by sample, not by place in the batch";
  EXPECT_TRUE(second[1].equal(fresh[1])) << "others draw the same numbers as before";
}

TEST(PerturbationStore, KeptOnesAreMovedIntoTheBoxOfTheNewImage) {
  PerturbationStore store({}, /*keep=*/true);
  auto batch = batch_of({1});
  store.keep(batch, torch::full_like(batch.images, 0.03));
  batch.images.fill_(0.98);
  EXPECT_TRUE(torch::allclose(start_of(store, batch), torch::full_like(batch.images, 0.02)));
}

TEST(PerturbationStore, StateGoesThereAndBack) {
  PerturbationStore store({}, /*keep=*/true);
  const auto batch = batch_of({12, 3, 7});
  store.keep(batch, torch::rand_like(batch.images) * 0.01);
  PerturbationStore other({}, /*keep=*/true);
  const auto [samples, deltas] = store.state();
  other.set_state(samples, deltas);
  EXPECT_TRUE(start_of(other, batch).equal(start_of(store, batch)));
}

}  // namespace
}  // namespace sanas
