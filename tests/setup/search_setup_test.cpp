// SPDX-License-Identifier: Apache-2.0
#include "sanas/setup/search_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/small_run.h"

namespace sanas {
namespace {

/// 12 training images, of which weights and architecture learn from 6 each, in batches of 2.
class SearchSetups : public testing::Test {
 protected:
  SearchSetups() {
    write_cifar10(folder_ / "data");
    config_ = small_run(folder_ / "data");
    config_.search.epochs = 4;
  }
  SearchSetup setup() { return {config_, torch::kCPU, log_}; }

  test::TemporaryFolder folder_;
  Log log_{/*quiet=*/true};
  Config config_;
};

TEST_F(SearchSetups, CountTheMiniBatchesOfAStage) {
  EXPECT_EQ(setup().steps_per_epoch(), 3);
  EXPECT_EQ(setup().steps(), 12);
  config_.search.max_steps = 5;
  EXPECT_EQ(setup().steps(), 5);
  config_.search.max_steps = 100;
  EXPECT_EQ(setup().steps(), 12);
}

TEST_F(SearchSetups, FillInWhatTheConfigurationSaysElsewhere) {
  config_.seed = 123;
  const SearchSetup plain = setup();
  EXPECT_EQ(plain.options(plain.first_stage()).method, SearchMethod::kPlain);
  EXPECT_EQ(plain.options(plain.first_stage()).seed, 123U);
  EXPECT_EQ(plain.networks(plain.first_stage()).net2, nullptr);
  config_.method = Method::kSanas;
  const SearchSetup sanas = setup();
  EXPECT_EQ(sanas.options(sanas.first_stage()).method, SearchMethod::kSanas);
  EXPECT_NE(sanas.networks(sanas.first_stage()).net2, nullptr);
}

// A search that goes back to a checkpoint begins its stage again.
TEST_F(SearchSetups, OpenTheLoadersOfAStageOnce) {
  SearchSetup opened = setup();
  const SearchStage stage = opened.first_stage();
  const auto net = opened.networks(stage).net1;
  const DataLoader* train = &opened.data(stage, *net).train;
  const auto first_batch = [&](const SearchData& data) {
    data.train.start_epoch(0);
    return data.train.next()->images;
  };
  const auto images = first_batch(opened.data(stage, *net));
  const SearchData again = opened.data(stage, *net);
  EXPECT_EQ(&again.train, train);
  EXPECT_TRUE(first_batch(again).equal(images));
  EXPECT_NE(&opened.data({.index = 1, .space = stage.space}, *net).train, train);
}

TEST_F(SearchSetups, GoFromStageToStageUntilTheLast) {
  const SearchSetup darts = setup();
  const SearchStage only = darts.first_stage();
  EXPECT_EQ(darts.next_stage(only, *darts.networks(only).net1), std::nullopt);

  config_.supernet.family = "pdarts";
  config_.supernet.pdarts.added_cells = {0, 1};
  config_.supernet.pdarts.added_channels = {0, 0};
  config_.supernet.pdarts.skip_dropout = {0.0, 0.0};
  config_.supernet.pdarts.kept_operations = {3, 1};
  const SearchSetup pdarts = setup();
  const SearchStage first = pdarts.first_stage();
  const auto second = pdarts.next_stage(first, *pdarts.networks(first).net1);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->index, 1);
  EXPECT_EQ(second->space.normal.front().size(), 3U) << "operations per edge";
  EXPECT_EQ(pdarts.options(*second).stage, 1);
  EXPECT_EQ(pdarts.next_stage(*second, *pdarts.networks(*second).net1), std::nullopt);
}

}  // namespace
}  // namespace sanas
