// SPDX-License-Identifier: Apache-2.0
// Whole runs in which something is not finite, once or from some moment on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "faults/small_run.h"
#include "sanas/core/log.h"
#include "sanas/formats/safetensors.h"
#include "sanas/nn/operations.h"
#include "sanas/runs/evaluation_run.h"
#include "sanas/runs/search_run.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

/// Counts down at each forward pass of the operation below; at 0 its result is not a number.
int64_t countdown = -1;
/// How often it is so.
int64_t failures = 0;

class FaultyPool : public Operation {
 public:
  explicit FaultyPool(int64_t stride) : stride_(stride) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    const auto result = torch::avg_pool2d(x, 3, stride_, 1);
    const bool fails = --countdown < 0 && failures > 0;
    failures -= fails ? 1 : 0;
    return fails ? result * std::numeric_limits<double>::quiet_NaN() : result;
  }

 private:
  int64_t stride_;
};

const Primitive kFaulty =
    add_operation("faulty", [](int64_t, int64_t stride, const OperationOptions&) {
      return std::make_shared<FaultyPool>(stride);
    });

const bool added_space = [] {
  add_search_space("faulty", [](int nodes) {
    return uniform_search_space("faulty", nodes,
                                {Primitive::kNone, Primitive::kSkipConnect, kFaulty});
  });
  return true;
}();

class RollbackRun : public testing::Test {
 protected:
  RollbackRun() {
    write_cifar10(folder_ / "data");
    config_ = small_run(folder_ / "data");
    config_.supernet.space = "faulty";
    config_.search.validate_every = 0;
    config_.search.validation_batch_size = 2;  // otherwise forward passes measure them
    config_.evaluation.test_batch_size = 4;
    config_.search.on_nonfinite = NonFinitePolicy::kRollback;
  }

  fs::path search(const std::string& name, int64_t first_failure, int64_t how_many) {
    countdown = first_failure;
    failures = how_many;
    Log log(/*quiet=*/true);
    run_search(config_, {.out = folder_ / name, .resume = false, .quiet = true}, log);
    return folder_ / name;
  }

  fs::path train(const std::string& name, int64_t first_failure, int64_t how_many) {
    countdown = first_failure;
    failures = how_many;
    Log log(/*quiet=*/true);
    const std::string cell = "[('faulty', 0), ('faulty', 1)]";
    const auto genotype = parse_genotype(
        "Genotype(normal=" + cell + ", normal_concat=[2], reduce=" + cell + ", reduce_concat=[2])");
    run_evaluation(config_, genotype, {.out = folder_ / name, .resume = false, .quiet = true}, log);
    return folder_ / name;
  }

  static std::vector<json> metrics(const fs::path& out, const std::string& phase) {
    std::istringstream lines(test::content_of(out / "metrics.jsonl"));
    std::vector<json> result;
    for (std::string line; std::getline(lines, line);) {
      auto object = json::parse(line);
      if (object["phase"] == phase) {
        result.push_back(std::move(object));
      }
    }
    return result;
  }

  static void expect_finite(const fs::path& out) {
    for (const auto& entry : read_safetensors(out / "checkpoints/last.safetensors").tensors) {
      EXPECT_TRUE(torch::isfinite(entry.value().to(torch::kDouble)).all().item<bool>())
          << entry.key();
    }
  }

  /// A run that fails once in the middle goes on after the mini-batch that failed. 0 if the pass
  /// that failed was of no mini-batch, but of a heat map.
  static int goes_back_once(const fs::path& out, const std::string& steps) {
    if (metrics(out, "rollback").empty()) {
      return 0;
    }
    expect_one_rollback(out, steps);
    return 1;
  }

  static void expect_one_rollback(const fs::path& out, const std::string& steps) {
    const auto rollbacks = metrics(out, "rollback");
    ASSERT_EQ(rollbacks.size(), 1U);
    const int64_t failed = rollbacks[0]["step"];
    const int64_t next = rollbacks[0]["next_step"];
    EXPECT_EQ(rollbacks[0]["rollbacks"], 1);
    EXPECT_EQ(next, failed + 1) << "also after the last of an epoch, whose end comes all the same";
    int64_t trained = 0;
    for (const auto& line : metrics(out, steps)) {
      trained += 1;
      EXPECT_NE(line["step"], failed);
    }
    EXPECT_EQ(trained, 5);
    const auto epochs = metrics(out, steps + "_epoch");
    ASSERT_EQ(epochs.size(), 2U);
    EXPECT_EQ(epochs[1]["rollbacks"], 1);
    EXPECT_EQ(epochs[1]["skipped_updates"], 0);
    expect_finite(out);
  }

  test::TemporaryFolder folder_;
  Config config_;
};

TEST_F(RollbackRun, ASearchGoesBackAndOn) {
  search("count", 0, 0);
  const int64_t all = -countdown;  // forward passes of a whole run
  int went_back = 0;
  for (int64_t eighth = 0; eighth < 8; ++eighth) {
    SCOPED_TRACE(eighth);
    went_back +=
        goes_back_once(search("out" + std::to_string(eighth), all * eighth / 8, 1), "search");
  }
  EXPECT_GE(went_back, 5);
}

TEST_F(RollbackRun, ATrainingGoesBackAndOn) {
  train("count", 0, 0);
  const int64_t all = -countdown * 6 / 7;  // forward passes of a whole run but its test
  int went_back = 0;
  for (int64_t eighth = 0; eighth < 8; ++eighth) {
    SCOPED_TRACE(eighth);
    went_back +=
        goes_back_once(train("out" + std::to_string(eighth), all * eighth / 8, 1), "train");
  }
  EXPECT_GE(went_back, 5);
}

TEST_F(RollbackRun, GivesUpWhereItFailsAgainAndAgain) {
  config_.search.epochs = config_.evaluation.epochs = 4;
  search("count", 0, 0);
  const int64_t all = -countdown;  // forward passes of a whole run
  const auto is_given_up = testing::ThrowsMessage<NonFiniteError>(
      AllOf(HasSubstr("went back 5 times"), HasSubstr("the last good checkpoint is")));
  EXPECT_THAT([&] { search("search", all / 2, 1'000'000); }, is_given_up);
  EXPECT_EQ(metrics(folder_ / "search", "rollback").size(), 5U);
  expect_finite(folder_ / "search");
  train("count2", 0, 0);
  EXPECT_THAT([&] { train("train", -countdown / 2, 1'000'000); }, is_given_up);
  EXPECT_EQ(metrics(folder_ / "train", "rollback").size(), 5U);
  expect_finite(folder_ / "train");
}

/// No accuracy of what is not a number, and no genotype.
TEST_F(RollbackRun, NothingIsReportedOfANetworkWhoseOutputsAreNotFinite) {
  train("count", 0, 0);
  const auto is_refused =
      testing::ThrowsMessage<NonFiniteError>(HasSubstr("images are not finite"));
  EXPECT_THAT([&] { train("train", -countdown * 6 / 7, 1'000'000); }, is_refused);
  EXPECT_FALSE(fs::exists(folder_ / "train" / "test_accuracy.txt"));
  EXPECT_FALSE(fs::exists(folder_ / "train" / "test_report.json"));

  search("count2", 0, 0);
  config_.search.validate_every = 2;
  EXPECT_THAT([&] { search("search", -countdown, 1'000'000); }, is_refused);
}

TEST_F(RollbackRun, OtherPoliciesStopOrSkip) {
  config_.search.on_nonfinite = NonFinitePolicy::kStop;
  const auto stops = testing::ThrowsMessage<NonFiniteError>(HasSubstr("not finite at step 0"));
  EXPECT_THAT([&] { search("search", 0, 1); }, stops);
  EXPECT_THAT([&] { train("train", 0, 1); }, stops);
  config_.search.on_nonfinite = NonFinitePolicy::kSkip;
  const auto out = train("skipped", 0, 1);
  EXPECT_EQ(metrics(out, "train_epoch").back()["skipped_updates"], 1);
  EXPECT_EQ(metrics(out, "train_epoch").back()["rollbacks"], 0);
}

/// Running statistics, too: once not a number, they would stay it.
TEST_F(RollbackRun, WhatIsSkippedLeavesNothingBehind) {
  config_.search.on_nonfinite = NonFinitePolicy::kSkip;
  search("count", 0, 0);
  const int64_t all = -countdown;  // forward passes of a whole run
  for (int64_t eighth = 0; eighth < 8; ++eighth) {
    SCOPED_TRACE(eighth);
    expect_finite(search("search" + std::to_string(eighth), all * eighth / 8, 1));
    expect_finite(train("train" + std::to_string(eighth), eighth, 1));
  }
  EXPECT_EQ(metrics(folder_ / "search0", "search_epoch").back()["skipped_updates"], 1);
}

}  // namespace
}  // namespace sanas
