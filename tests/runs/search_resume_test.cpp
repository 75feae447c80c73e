// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/search_checkpoint.h"
#include "sanas/formats/safetensors.h"
#include "search/search_cost.h"
#include "search/tiny_search.h"
#include "support/stop_after.h"
#include "support/temporary_folder.h"

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

  /// The whole search, one that `stopper` stops after `steps` steps up to a checkpoint, and the
  /// rest in another object.
  void expect_seamless(int64_t steps, SearchObserver& stopper) {
    TinySearch whole(options_, GetParam());
    Witness expected(whole.loop);
    whole.loop.add_observer(expected);
    whole.loop.run();

    TinySearch first(options_, GetParam());
    Witness reported(first.loop);
    first.loop.add_observer(stopper);
    first.loop.add_observer(reported);
    EXPECT_FALSE(first.loop.run());
    const auto file = save(first);

    TinySearch second(options_, GetParam(), architecture_updates(options_, 3, steps));
    load_search_checkpoint(read_safetensors(file), file, second.loop);
    EXPECT_EQ(second.loop.step(), steps);
    Witness found(second.loop);
    second.loop.add_observer(found);
    second.loop.run();

    expect_same_bits(second.snapshot(), whole.snapshot());
    EXPECT_EQ(second.loop.counts().reported_epochs, 2);
    ASSERT_EQ(reported.epochs.size() + found.epochs.size(), 2U);
    EXPECT_EQ(found.epochs.front().epoch, static_cast<int64_t>(reported.epochs.size()));
    EXPECT_EQ(found.epochs.front().validation->state(),
              expected.epochs[reported.epochs.size()].validation->state());
    const auto& last = found.epochs.back();
    EXPECT_EQ(last.train1.state(), expected.epochs.back().train1.state());
    EXPECT_EQ(last.train2.state(), expected.epochs.back().train2.state());
    EXPECT_EQ(last.validation->state(), expected.epochs.back().validation->state());
    EXPECT_EQ(last.architecture_change, expected.epochs.back().architecture_change);
  }

  SearchOptions options_ = quick_options();
  test::TemporaryFolder folder_;
};

/// Stops after a report.
class EpochStopper : public SearchObserver {
 public:
  void on_epoch(const EpochReport& /*report*/) override { stops_ = true; }
  bool wants_stop() const override { return stops_; }

 private:
  bool stops_ = false;
};

TEST_P(SearchResume, GoesOnWithinAnEpoch) {
  Stopper stopper(2);
  expect_seamless(2, stopper);
}

TEST_P(SearchResume, GoesOnWithTheReportOfAnEpoch) {
  StopAfter<SearchObserver> stopper("validation", 1);
  expect_seamless(3, stopper);
}

TEST_P(SearchResume, GoesOnAfterAnEpoch) {
  EpochStopper stopper;
  expect_seamless(3, stopper);
}

TEST_P(SearchResume, GoesOnWithinTheLastEpoch) {
  Stopper stopper(5);
  expect_seamless(5, stopper);
}

TEST(SearchResumeErrors, ReportedEpochsThatDontFitTheStepAreRefused) {
  TinySearch search(quick_options());
  Config config;
  config.supernet = tiny_choice("darts");
  auto tensors = search_checkpoint(search.loop, {0, search.loop.networks().net1->space()}, config,
                                   search.info(), 0);
  for (const int64_t epochs : {-1, 1}) {
    tensors.tensors["reported_epochs"] = torch::tensor(epochs);
    EXPECT_THAT([&] { load_search_checkpoint(tensors, "it", search.loop); },
                testing::ThrowsMessage<FileError>(testing::HasSubstr("reported epochs")));
  }
}

INSTANTIATE_TEST_SUITE_P(Families, SearchResume,
                         testing::Values("darts", "pcdarts", "pdarts", "prdarts"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sanas
