// SPDX-License-Identifier: Apache-2.0
// How runs begin and go on: what is refused before anything is written, and what a resume needs.
#include "runs/run_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "config/config_test_support.h"
#include "faults/small_run.h"
#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/checkpoint/module_state.h"
#include "sanas/formats/safetensors.h"
#include "sanas/runs/dry_run.h"
#include "sanas/runs/evaluation_run.h"
#include "sanas/runs/gamma_tuning.h"
#include "sanas/runs/random_search.h"
#include "sanas/runs/search_run.h"
#include "sanas/runs/sweep.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RunStart : public testing::Test {
 protected:
  RunStart() {
    write_cifar10(folder_ / "data");
    config_ = small_run(folder_ / "data");
    config_.search.epochs = 1;
    config_.evaluation.epochs = 1;
    config_.evaluation.auxiliary_weight = 0.0;
  }

  RunOptions options(const std::string& name, bool resume = false) const {
    return {.out = folder_ / name, .resume = resume, .quiet = true};
  }
  void search(const std::string& name, bool resume = false) {
    run_search(config_, options(name, resume), log_);
  }
  void train(const std::string& name, bool resume = false) {
    run_evaluation(config_, genotype_, options(name, resume), log_);
  }
  std::string weights_of(const std::string& name) const {
    return test::content_of(folder_ / name / "weights.safetensors");
  }

  test::TemporaryFolder folder_;
  Config config_;
  Genotype genotype_ = load_genotype("DARTS_V2");
  Log log_{/*quiet=*/true};
};

TEST_F(RunStart, ARunOfAnotherKindIsNotGoneOnWith) {
  search("searched");
  const std::string genotype = test::content_of(folder_ / "searched" / "genotype.txt");
  EXPECT_THAT(config_error([&] { train("searched", true); }),
              HasSubstr("holds a run of sanas_search; sanas_eval can't go on with it"));
  config_.strategy = Strategy::kRandom;
  config_.random_search = {.epochs = 1, .candidates = 1};
  EXPECT_THAT(config_error([&] { run_random_search(config_, options("searched", true), log_); }),
              HasSubstr("changed: search.strategy"));
  EXPECT_EQ(test::content_of(folder_ / "searched" / "genotype.txt"), genotype);
  EXPECT_FALSE(fs::exists(folder_ / "searched" / "candidates"));

  run_random_search(config_, options("random"), log_);
  const std::string best = test::content_of(folder_ / "random" / "genotype.txt");
  config_.strategy = Strategy::kGradient;
  EXPECT_THAT(config_error([&] { search("random", true); }), HasSubstr("search.strategy"));
  // As it was before the key: the folder tells.
  const auto file = folder_ / "random" / "config.yaml";
  std::string text = test::content_of(file);
  text.erase(text.find("  strategy: random\n"), std::string("  strategy: random\n").size());
  test::write_content(file, text);
  EXPECT_THAT(config_error([&] { search("random", true); }), HasSubstr("search.strategy"));
  config_.strategy = Strategy::kRandom;
  run_random_search(config_, options("random", true), log_);
  EXPECT_EQ(test::content_of(folder_ / "random" / "genotype.txt"), best);
}

TEST_F(RunStart, AResumeNeedsNoFileOfTheBeginning) {
  config_.evaluation.max_steps = 2;
  train("first");
  config_.evaluation.initial_weights = folder_ / "mine.safetensors";
  fs::copy_file(folder_ / "first" / "weights.safetensors", config_.evaluation.initial_weights);
  config_.dataset.search_list = folder_ / "list.txt";
  config_.evaluation.test_on = TestImages::kValidation;  // which needs the list
  config_.evaluation.max_steps = 0;
  train("whole");

  config_.evaluation.max_steps = 1;
  train("cut");
  fs::remove(folder_ / "mine.safetensors");
  fs::remove(folder_ / "list.txt");
  config_.evaluation.max_steps = 0;
  config_.evaluation.initial_weights.clear();
  train("cut", true);
  EXPECT_EQ(weights_of("cut"), weights_of("whole"));
  EXPECT_FALSE(fs::exists(folder_ / "list.txt"));
  const Config recorded = load_config((folder_ / "cut" / "config.yaml").string());
  EXPECT_EQ(recorded.evaluation.initial_weights, folder_ / "mine.safetensors");

  // The same images in another order are another list.
  std::string list = test::content_of(folder_ / "cut" / "search_list.txt");
  const size_t last = list.rfind('\n', list.size() - 2) + 1;
  const size_t before = list.rfind('\n', last - 2) + 1;
  list = list.substr(0, before) + list.substr(last) + list.substr(before, last - before);
  test::write_content(folder_ / "list.txt", list);
  EXPECT_THAT([&] { train("cut", true); },
              testing::ThrowsMessage<DataError>(HasSubstr("is another list")));
}

TEST_F(RunStart, WeightsThatAreNotFiniteAreNamed) {
  config_.evaluation.max_steps = 1;
  train("first");
  const auto file = folder_ / "first" / "weights.safetensors";
  NamedTensors tensors = read_safetensors(file);
  tensors.tensors["classifier.weight"][0][0] = std::numeric_limits<float>::quiet_NaN();
  config_.evaluation.initial_weights = folder_ / "nan.safetensors";
  write_safetensors(config_.evaluation.initial_weights, tensors);
  config_.search.on_nonfinite = config_.evaluation.on_nonfinite = NonFinitePolicy::kSkip;
  EXPECT_THAT(
      test::file_error([&] { train("nan"); }),
      AllOf(HasSubstr("nan.safetensors"), HasSubstr("'classifier.weight'"), HasSubstr("finite")));
  EXPECT_FALSE(fs::exists(folder_ / "nan"));
}

/// A resume would end at once, again and again.
TEST_F(RunStart, GoesBackBehindACheckpointWithWeightsThatAreNotFinite) {
  config_.evaluation.epochs = 2;
  config_.checkpoint = {.every_steps = 1, .every_minutes = 0.0, .keep = 3};
  train("whole");
  config_.evaluation.max_steps = 2;
  train("cut");
  const auto last = folder_ / "cut" / "checkpoints" / "last.safetensors";
  NamedTensors tensors = read_safetensors(last);
  tensors.tensors["net.classifier.bias"][0] = std::numeric_limits<float>::infinity();
  request_checksum(tensors);
  write_safetensors(last, tensors);
  config_.evaluation.max_steps = 0;
  train("cut", true);
  EXPECT_EQ(weights_of("cut"), weights_of("whole"));
  EXPECT_THAT(test::content_of(folder_ / "cut" / "log.txt"),
              AllOf(HasSubstr("'net.classifier.bias'"), HasSubstr("going back to")));
}

TEST_F(RunStart, ADamagedConfigurationInACheckpointIsADamagedFile) {
  NamedTensors tensors;
  write_checkpoint_info(tensors, {.kind = "evaluation", .config = config_});
  EXPECT_EQ(read_checkpoint_info(tensors, "a").kind, "evaluation");
  tensors.metadata["config"] = "seed: x\n";
  EXPECT_THAT(test::file_error([&] { read_checkpoint_info(tensors, "a.safetensors"); }),
              AllOf(HasSubstr("a.safetensors (its configuration):1: seed: 'x'")));
}

TEST_F(RunStart, ADryRunTakesOddNumbersOfImagesAndLeavesNothingBehind) {
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

class GammaTuningStart : public RunStart {
 protected:
  GammaTuningStart() {
    config_.method = Method::kSanas;
    config_.search.method = SearchMethod::kSanas;
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

TEST_F(RunStart, SeveralRunsGoOnWithAllThatAreThere) {
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

}  // namespace
}  // namespace sanas
