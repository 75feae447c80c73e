// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/search_run.h"

#include "runs/small_runs.h"
#include "sanas/formats/safetensors.h"

namespace sanas {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What a search of three mini-batches says in its log and its metrics.
class SearchRuns : public SmallRuns {
 protected:
  std::string log_of(const std::string& name) {
    EXPECT_EQ(search(name).outcome, RunOutcome::kFinished);
    return content_of(name, "log.txt");
  }
  std::string metrics_of(const std::string& name) {
    search(name);
    return content_of(name, "metrics.jsonl");
  }
  /// The architecture variables at the end.
  torch::Tensor variables_of(const std::string& name) {
    search(name);
    return *read_safetensors(folder_ / name / "checkpoints/last.safetensors")
                .tensors.find("alphas_normal");
  }
};

TEST_F(SearchRuns, SaysWhatTheValidationOfASearchThatIsCutShortCosts) {
  config_.search.max_steps = 1;
  EXPECT_THAT(log_of("one"), HasSubstr("ends this search at mini-batch 1; validation on "));
  EXPECT_THAT(log_of("the same"), HasSubstr("--set search.validate_every=0 leaves it out"));
  config_.search.validate_every = 0;
  EXPECT_THAT(log_of("without"), Not(HasSubstr("validation on ")));
  config_.search.validate_every = 1;
  config_.search.max_steps = 0;
  EXPECT_THAT(log_of("whole"), Not(HasSubstr("search.max_steps")));
}

/// A configuration that no file was read for needs no more than these.
TEST_F(SearchRuns, TakeMethodAndSeedFromTheConfiguration) {
  config_.search.validate_every = 0;
  EXPECT_THAT(metrics_of("plain"), Not(HasSubstr("train2_loss")));
  config_.method = Method::kSanas;
  EXPECT_THAT(metrics_of("sanas"), HasSubstr("train2_loss"));
  config_.method = Method::kPlain;
  const torch::Tensor variables = variables_of("one");
  EXPECT_TRUE(torch::equal(variables_of("same"), variables));
  config_.seed = 99;
  EXPECT_FALSE(torch::equal(variables_of("another"), variables));
}

}  // namespace
}  // namespace sanas
