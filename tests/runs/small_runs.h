// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "faults/small_run.h"
#include "sanas/core/log.h"
#include "sanas/runs/evaluation_run.h"
#include "sanas/runs/search_run.h"

namespace sanas {

/// Runs of one epoch each (small_run) in folders below `folder_`.
class SmallRuns : public testing::Test {
 protected:
  SmallRuns() {
    write_cifar10(folder_ / "data");
    config_ = small_run(folder_ / "data");
    config_.search.epochs = 1;
    config_.evaluation.epochs = 1;
    config_.evaluation.auxiliary_weight = 0.0;
  }

  RunOptions options(const std::string& name, bool resume = false) const {
    return {.out = folder_ / name, .resume = resume, .quiet = true};
  }
  SearchSummary search(const std::string& name, bool resume = false) {
    Log log(/*quiet=*/true);  // a log of its own: its lines go into the log.txt of one run only
    return run_search(config_, options(name, resume), log);
  }
  RunOutcome train(const std::string& name, bool resume = false) {
    Log log(/*quiet=*/true);
    return run_evaluation(config_, genotype_, options(name, resume), log);
  }
  /// A file of a run.
  std::string content_of(const std::string& run, const std::string& file) const {
    return test::content_of(folder_ / run / file);
  }

  test::TemporaryFolder folder_;
  Config config_;
  Genotype genotype_ = load_genotype("DARTS_V2");
  Log log_{/*quiet=*/true};
};

}  // namespace sanas
