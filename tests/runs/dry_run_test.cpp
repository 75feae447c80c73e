// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/dry_run.h"

#include <cstdlib>

#include "runs/small_runs.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

using DryRun = SmallRuns;

TEST_F(DryRun, TakesOddNumbersOfImagesAndLeavesNothingBehind) {
  config_.dataset.source.subset = 11;
  config_.evaluation.auxiliary_weight = 0.4;
  config_.evaluation.batch_size = 3;
  config_.dataset.search_list = folder_ / "list.txt";
  EXPECT_THAT(dry_run_evaluation(config_, genotype_, log_), HasSubstr("went through training"));
  EXPECT_THAT(dry_run_search(config_, log_), HasSubstr("went through every phase"));
  EXPECT_FALSE(fs::exists(folder_ / "list.txt"));
  const std::string before = fs::temp_directory_path().string();
  ::setenv("TMPDIR", (folder_ / "data" / "test_batch.bin").c_str(), 1);
  EXPECT_THROW(dry_run_search(config_, log_), FileError);
  ::setenv("TMPDIR", before.c_str(), 1);
}

}  // namespace
}  // namespace sanas
