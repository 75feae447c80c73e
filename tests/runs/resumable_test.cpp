// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runs/run_session.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

using testing::HasSubstr;

Config with(const std::vector<std::string>& settings) {
  return parse_config("name: x\n", "a.yaml", settings);
}

/// The keys that are refused; empty if the run may go on.
std::string refused(const std::vector<std::string>& now,
                    const std::vector<std::string>& before = {}) {
  try {
    check_resumable(with(now), with(before), "last.safetensors");
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    EXPECT_THAT(message, HasSubstr("last.safetensors: the run was begun with another"));
    return message.substr(message.rfind(": ") + 2);
  }
  return "";
}

TEST(Resumable, NamesEveryKeyThatChangesNumbers) {
  EXPECT_EQ(refused({}), "");
  EXPECT_EQ(refused({"seed=3"}), "seed");
  EXPECT_EQ(refused({"search.batch_size=3", "attack.steps=2", "dataset.root=/elsewhere"}),
            "search.batch_size, attack.steps");
  EXPECT_EQ(refused({"threads=3"}), "threads");
  EXPECT_EQ(refused({"search.strategy=random"}), "search.strategy");
}

TEST(Resumable, PlacesLogsAndCheckpointsMayChange) {
  EXPECT_EQ(refused({"name=y", "dataset.root=/elsewhere", "dataset.workers=0",
                     "search.report_every=7", "evaluation.report_every=7", "search.max_steps=9",
                     "checkpoint={every_steps: 5, every_minutes: 1, keep: 9}"}),
            "");
}

TEST(Resumable, ATrainingMayBecomeLongerWhereNothingDoneSoFarDependsOnIt) {
  const std::vector<std::string> open{"evaluation.schedule=constant", "evaluation.drop_path=0"};
  const auto longer = [](std::vector<std::string> settings, const std::string& epochs) {
    settings.push_back("evaluation.epochs=" + epochs);
    return settings;
  };
  EXPECT_EQ(refused(longer(open, "700"), longer(open, "600")), "");
  EXPECT_EQ(refused(longer(open, "500"), longer(open, "600")), "evaluation.epochs");
  EXPECT_EQ(refused({"evaluation.epochs=700"}), "evaluation.epochs");  // cosine
  EXPECT_EQ(refused({"evaluation.epochs=700", open[0]}, {open[0]}), "evaluation.epochs");
  EXPECT_EQ(refused({"search.epochs=700"}), "search.epochs");
}

TEST(Resumable, ARunThatEndedBecauseOfANanMayGoOnUnderAnotherPolicy) {
  EXPECT_EQ(refused({"on_nonfinite=skip"}, {"on_nonfinite=stop"}), "");
  EXPECT_EQ(refused({"on_nonfinite=rollback"}, {"on_nonfinite=stop"}), "");
  EXPECT_EQ(refused({"on_nonfinite=skip"}, {"on_nonfinite=rollback"}), "");
  EXPECT_EQ(refused({"on_nonfinite=stop"}, {"on_nonfinite=skip"}), "on_nonfinite");
}

}  // namespace
}  // namespace sanas
