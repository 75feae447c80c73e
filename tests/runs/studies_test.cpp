// SPDX-License-Identifier: Apache-2.0
// What is refused before the first of several runs, and how they are gone on with.
#include "config/config_test_support.h"
#include "runs/small_runs.h"
#include "sanas/runs/gamma_tuning.h"
#include "sanas/runs/sweep.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class GammaTuningStart : public SmallRuns {
 protected:
  GammaTuningStart() {
    config_.method = Method::kSanas;
    config_.dataset.holdout = 0.25;
  }
  void expect_refused(const std::vector<double>& gammas, const std::string& words) {
    try {
      tune_gamma(config_, gammas, options("tuning"), log_);
      ADD_FAILURE() << "not refused";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
    EXPECT_FALSE(fs::exists(folder_ / "tuning"));
  }
};

TEST_F(GammaTuningStart, RefusesWhatWouldBeRefusedAfterTheFirstSearch) {
  config_.evaluation.auxiliary_weight = 0.4;
  config_.evaluation.cells = 1;
  expect_refused({1.0}, "evaluation.cells");
  config_.evaluation.cells = 3;
  expect_refused({1.0}, "dataset.holdout");  // one image of each class in each part
}

TEST_F(GammaTuningStart, ChoosesOnImagesThatChoseNothingElse) {
  for (const Selection selection : {Selection::kValidation, Selection::kTest}) {
    config_.evaluation.selection = selection;
    expect_refused({1.0}, "evaluation.selection: " + to_string(selection));
  }
}

TEST_F(GammaTuningStart, RefusesValuesThatCanNotBeWrittenOrAreTwiceThere) {
  expect_refused({0.5, 1e300}, "hypergradient.gamma");
  expect_refused({0.5, 1.0, 0.5}, "0.5 is there twice");
  expect_refused({}, "--gammas");
  config_.method = Method::kPlain;
  expect_refused({1.0}, "method: sanas");
}

using Sweeps = SmallRuns;

TEST_F(Sweeps, SeveralRunsGoOnWithAllThatAreThere) {
  config_.evaluation.max_steps = 1;
  run_sweep(seed_sweep(config_, genotype_, {1}), options("seeds"), log_);
  const std::string results = test::content_of(folder_ / "seeds" / "results.tsv");
  const std::string refused = test::file_error(
      [&] { run_sweep(depth_sweep(config_, genotype_, {4}), options("seeds", true), log_); });
  EXPECT_THAT(refused, HasSubstr("holds 'seed-1', which is not among the runs"));
  EXPECT_EQ(test::content_of(folder_ / "seeds" / "results.tsv"), results);
  EXPECT_THAT(config_error([&] {
                run_sweep(depth_sweep(config_, genotype_, {4, 5000}), options("cells"), log_);
              }),
              HasSubstr("evaluation.cells"));
  EXPECT_FALSE(fs::exists(folder_ / "cells"));
}

TEST_F(Sweeps, WhatAKilledProcessLeftHalfWrittenIsRemoved) {
  config_.evaluation.max_steps = 1;
  run_sweep(seed_sweep(config_, genotype_, {1}), options("seeds"), log_);
  const fs::path left = folder_ / "seeds" / ".results.tsv.sanas-tmp-7";
  test::write_content(left, "half");
  run_sweep(seed_sweep(config_, genotype_, {1}), options("seeds", true), log_);
  EXPECT_FALSE(fs::exists(left));
}

/// What tells that a training is over is written behind everything else, so that a run that is
/// taken for done has nothing half written.
TEST_F(Sweeps, ATrainingIsOverOnceItsReportIsThere) {
  config_.evaluation.max_steps = 1;
  run_sweep(seed_sweep(config_, genotype_, {1}), options("seeds"), log_);
  const fs::path run = folder_ / "seeds" / "seed-1";
  EXPECT_GE(fs::last_write_time(run / "weights.safetensors"),
            fs::last_write_time(run / "report.html"));
}

}  // namespace
}  // namespace sanas
