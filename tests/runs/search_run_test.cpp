// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/search_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/small_run.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What a search of three mini-batches says in its log.
class SearchLog : public testing::Test {
 protected:
  SearchLog() {
    write_cifar10(folder_ / "data");
    config_ = small_run(folder_ / "data");
    config_.search.epochs = 1;
    config_.search.validate_every = 1;
  }

  std::string log_of(const std::string& name) {
    Log log(/*quiet=*/true);
    const auto outcome = run_search(config_, {.out = folder_ / name, .quiet = true}, log).outcome;
    EXPECT_EQ(outcome, RunOutcome::kFinished);
    return test::content_of(folder_ / name / "log.txt");
  }

  test::TemporaryFolder folder_;
  Config config_;
};

TEST_F(SearchLog, SaysWhatTheValidationOfASearchThatIsCutShortCosts) {
  config_.search.max_steps = 1;
  EXPECT_THAT(log_of("one"), HasSubstr("ends this search at mini-batch 1; validation on "));
  EXPECT_THAT(log_of("the same"), HasSubstr("--set search.validate_every=0 leaves it out"));
  config_.search.validate_every = 0;
  EXPECT_THAT(log_of("without"), Not(HasSubstr("validation on ")));
  config_.search.validate_every = 1;
  config_.search.max_steps = 0;
  EXPECT_THAT(log_of("whole"), Not(HasSubstr("search.max_steps")));
}

}  // namespace
}  // namespace sanas
