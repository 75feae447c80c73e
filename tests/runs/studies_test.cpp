// SPDX-License-Identifier: Apache-2.0
// What is refused before the first of several runs, and how they are gone on with.
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/config_test_support.h"
#include "runs/small_runs.h"
#include "sanas/runs/gamma_tuning.h"
#include "sanas/runs/sweep.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
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

TEST(BestGamma, HasTheHighestAccuracyAndIsTheFirstOfEquals) {
  EXPECT_EQ(best_gamma({{0.5, 0.25, {}}, {1.0, 0.75, {}}, {2.0, 0.5, {}}}).gamma, 1.0);
  EXPECT_EQ(best_gamma({{0.5, 0.75, {}}, {1.0, 0.25, {}}}).gamma, 0.5);
  EXPECT_EQ(best_gamma({{4.0, 0.25, {}}, {3.0, 0.75, {}}, {2.0, 0.75, {}}}).gamma, 3.0);
}

using Sweeps = SmallRuns;

std::vector<std::string> split(const std::string& text, char separator) {
  std::istringstream stream(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

TEST_F(Sweeps, TheTableHasAllThatComparesTheTrainings) {
  config_.evaluation.max_steps = 1;
  config_.evaluation.latency_runs = 2;
  run_sweep(seed_sweep(config_, genotype_, {1}), options("seeds"), log_);
  const auto lines = split(content_of("seeds", "results.tsv"), '\n');
  ASSERT_EQ(lines.size(), 2U);
  const auto names = split(lines[0], '\t');
  EXPECT_THAT(names, ElementsAre("name", "accuracy", "top5", "loss", "calibration_error", "images",
                                 "skipped_images", "parameters", "latency_median_ms",
                                 "latency_percentile95_ms", "genotype"));
  const auto values = split(lines[1], '\t');
  ASSERT_EQ(values.size(), names.size());
  const auto report = nlohmann::json::parse(content_of("seeds/seed-1", "test_report.json"));
  EXPECT_EQ(values[0], "seed-1");
  EXPECT_EQ(std::stod(values[1]), report.at("top1"));
  EXPECT_EQ(std::stod(values[2]), report.at("top5"));
  EXPECT_EQ(std::stod(values[3]), report.at("loss"));
  EXPECT_EQ(std::stod(values[4]), report.at("calibration_error"));
  EXPECT_EQ(values[5], "4");  // test images of write_cifar10
  EXPECT_EQ(values[6], "0");
  EXPECT_EQ(std::stoll(values[7]), report.at("parameters"));
  const auto& latency = report.at("latency");
  EXPECT_NEAR(std::stod(values[8]), 1e3 * latency.at("median_seconds").get<double>(), 1e-4);
  EXPECT_NEAR(std::stod(values[9]), 1e3 * latency.at("percentile95_seconds").get<double>(), 1e-4);
  EXPECT_EQ(values[10] + "\n", content_of("seeds/seed-1", "genotype.txt"));
}

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
