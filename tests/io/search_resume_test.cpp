// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "io/io_test_support.h"
#include "sanas/io/safetensors.h"
#include "sanas/io/search_checkpoint.h"
#include "search/tiny_search.h"

namespace sanas {
namespace {

/// A search of 2 epochs of 3 mini-batches, and the same one as two runs with a checkpoint between.
class SearchResume : public testing::TestWithParam<const char*> {
 protected:
  SearchResume() {
    options_.epochs = 2;
    options_.update_every.architecture = 2;
  }

  Config config() const {
    Config config;
    config.supernet = tiny_choice(GetParam());
    config.search = options_;
    return config;
  }

  std::string save(TinySearch& search) {
    const std::string file = folder_ / "last.safetensors";
    const SearchStage stage{0, search.loop.networks().net1->space()};
    write_safetensors(file, search_checkpoint(search.loop, stage, config(), search.info(), 0));
    return file;
  }

  /// The whole search, its first `steps` steps up to a checkpoint, and the rest in another object.
  void expect_seamless(int64_t steps) {
    TinySearch whole(options_, GetParam());
    Witness expected(whole.loop);
    whole.loop.add_observer(expected);
    whole.loop.run();

    TinySearch first(options_, GetParam());
    Stopper stopper(steps);
    first.loop.add_observer(stopper);
    first.loop.run();
    const auto file = save(first);

    TinySearch second(options_, GetParam(), architecture_updates(options_, 3, steps));
    load_search_checkpoint(read_safetensors(file), file, second.loop);
    EXPECT_EQ(second.loop.step(), steps);
    Witness found(second.loop);
    second.loop.add_observer(found);
    second.loop.run();

    expect_same_bits(second.snapshot(), whole.snapshot());
    ASSERT_EQ(found.epochs.size(), static_cast<size_t>(2 - steps / 3));
    const auto& last = found.epochs.back();
    EXPECT_EQ(last.train1.state(), expected.epochs.back().train1.state());
    EXPECT_EQ(last.train2.state(), expected.epochs.back().train2.state());
    EXPECT_EQ(last.validation->state(), expected.epochs.back().validation->state());
    EXPECT_EQ(last.architecture_change, expected.epochs.back().architecture_change);
  }

  SearchOptions options_ = quick_options();
  io_test::TemporaryFolder folder_;
};

TEST_P(SearchResume, GoesOnWithinAnEpoch) { expect_seamless(2); }
TEST_P(SearchResume, GoesOnAfterAnEpoch) { expect_seamless(3); }
TEST_P(SearchResume, GoesOnWithinTheLastEpoch) { expect_seamless(5); }

INSTANTIATE_TEST_SUITE_P(Families, SearchResume,
                         testing::Values("darts", "pcdarts", "pdarts", "prdarts"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ArchitectureUpdates, AreCountedFromTheStartEpochOn) {
  SearchOptions options;
  options.update_every.architecture = 5;
  EXPECT_EQ(architecture_updates(options, 3, 0), 0);
  EXPECT_EQ(architecture_updates(options, 3, 1), 1);   // step 0
  EXPECT_EQ(architecture_updates(options, 3, 11), 3);  // steps 0, 5, 10
  options.architecture.start_epoch = 2;                // step 6
  EXPECT_EQ(architecture_updates(options, 3, 11), 1);  // step 10
}

}  // namespace
}  // namespace sanas
