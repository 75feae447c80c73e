// SPDX-License-Identifier: Apache-2.0
#include "config/presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/config/config.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Config parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return parse_config(text, "run.yaml", overrides);
}

// The values of darts-family §9.1 and §9.4.
TEST(Presets, PrOfficialIsTheReleasedCode) {
  const Config config = parse("preset: pr_official\n");
  EXPECT_EQ(config.supernet.family, "prdarts");
  EXPECT_EQ(config.supernet.options.cells, 6);
  EXPECT_EQ(config.search.batch_size, 250);
  EXPECT_EQ(config.search.update_order, UpdateOrder::kWeightsFirst);
  EXPECT_TRUE(config.search.weights.nesterov);
  EXPECT_DOUBLE_EQ(config.search.weights.weight_decay, 5e-4);
  EXPECT_DOUBLE_EQ(config.search.weights.schedule.min_learning_rate, 1e-3);
  EXPECT_DOUBLE_EQ(config.supernet.prdarts.temperature_start, 1.0);
  EXPECT_DOUBLE_EQ(config.supernet.prdarts.temperature_end, 0.1);
}

TEST(Presets, FileWinsOverItsPresetAndSetOverBoth) {
  const std::string text = "preset: pr_official\nsupernet: {cells: 8}\n";
  EXPECT_EQ(parse(text).supernet.options.cells, 8);
  EXPECT_EQ(parse(text, {"preset=pr_official"}).supernet.options.cells, 6);
  EXPECT_EQ(parse(text, {"preset=pr_official", "supernet.cells=7"}).supernet.options.cells, 7);
}

TEST(Presets, AttackPresetsHaveTheDefaultsOfTheirTools) {
  const auto attack = [](const std::string& name) {
    return parse("preset: " + name + "\nattack: {detach_target: true}\n").search.attack;
  };
  for (const char* name : {"madry", "torchattacks", "foolbox"}) {
    EXPECT_EQ(attack(name).loss, AttackLoss::kLabel) << name;
    EXPECT_TRUE(attack(name).random_start) << name;
    EXPECT_TRUE(attack(name).detach_target) << "the file's own key stays";
  }
  EXPECT_EQ(attack("madry").steps, 7);
  EXPECT_EQ(attack("torchattacks").steps, 10);
  EXPECT_EQ(attack("foolbox").steps, 40);
  EXPECT_DOUBLE_EQ(attack("foolbox").step_size, attack("foolbox").epsilon * 0.01 / 0.3);
}

TEST(Presets, OfSeveralTheLaterOneWins) {
  EXPECT_EQ(parse("preset: [madry, torchattacks]\n").search.attack.steps, 10);
  EXPECT_EQ(parse("preset: [torchattacks, madry]\n").search.attack.steps, 7);
  EXPECT_EQ(parse("preset: [pr_official, madry]\n").supernet.family, "prdarts");
}

TEST(Presets, AreResolvedInWhatIsWritten) {
  const Config config = parse("preset: pr_official\n");
  EXPECT_EQ(parse(to_yaml(config)), config);
  EXPECT_THAT(to_yaml(config), testing::Not(HasSubstr("preset")));
}

TEST(Presets, UnknownOnesAreNamed) {
  EXPECT_THAT([] { parse("name: x\npreset: pr\n"); },
              ThrowsMessage<ConfigError>(HasSubstr("run.yaml:2: preset: 'pr' is not known; "
                                                   "expected one of pr_official")));
  EXPECT_THROW(parse("preset: {a: b}\n"), ConfigError);
  EXPECT_THROW(parse("preset: []\n"), ConfigError);
  EXPECT_THROW(parse("name: x\n", {"preset=none"}), ConfigError);
}

TEST(SaliencyPresets, AreTheAttackAndWhatW2LearnsFrom) {
  const SearchOptions paper = parse("saliency: paper\n").search;
  EXPECT_EQ(paper.attack.norm, AttackNorm::kLinf);
  EXPECT_EQ(paper.attack.steps, 7);
  EXPECT_DOUBLE_EQ(paper.attack.epsilon, 8.0 / 255.0);
  EXPECT_EQ(paper.attack.jacobian, AttackJacobian::kStraightThrough);
  EXPECT_EQ(paper.reweighting, Reweighting::kDelta);
  EXPECT_EQ(to_yaml(parse("saliency: paper\n")), to_yaml(parse("seed: 2\n"))) << "the defaults";

  const SearchOptions alive = parse("saliency: alive\n").search;
  EXPECT_EQ(alive.attack.norm, AttackNorm::kL2);
  EXPECT_EQ(alive.attack.jacobian, AttackJacobian::kExact);
  EXPECT_EQ(alive.reweighting, Reweighting::kAbs);
  EXPECT_EQ(alive.weight_normalization, WeightNormalization::kUnitMean);
}

TEST(SaliencyPresets, YieldToTheFilesOwnKeysAndWinOverThePreset) {
  EXPECT_EQ(parse("saliency: alive\nattack: {steps: 1}\n").search.attack.steps, 1);
  EXPECT_EQ(parse("saliency: alive\npreset: madry\n").search.attack.norm, AttackNorm::kL2);
  const std::string text = "attack: {norm: linf}\nreweight: delta\n";
  EXPECT_EQ(parse(text, {"saliency=alive"}).search.attack.norm, AttackNorm::kL2);
  EXPECT_EQ(parse(text, {"saliency=alive"}).search.reweighting, Reweighting::kAbs);
}

TEST(SaliencyPresets, OfAnotherNameAreRefused) {
  EXPECT_THAT([] { parse("name: x\nsaliency: live\n"); },
              ThrowsMessage<ConfigError>(HasSubstr(
                  "run.yaml:2: saliency: 'live' is not known; expected one of paper, alive")));
}

}  // namespace
}  // namespace sanas
