// SPDX-License-Identifier: Apache-2.0
// What a configuration that can be read is refused for, or warned of.
#include "config/config_test_support.h"

namespace sanas {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(ConfigValidation, MethodsOfLaterVersionsParseButDontRun) {
  for (const char* method : {"ec", "cdep", "gmpgc"}) {
    const Config config = parse("method: " + std::string(method) + "\n");
    const std::string message = config_error([&] { validate(config); });
    EXPECT_THAT(message, StartsWith("method: '" + std::string(method) + "' is not available"));
    EXPECT_NO_THROW(validate_evaluation(config));
  }
}

TEST(ConfigValidation, RefusesValuesThatDontGoTogether) {
  const auto refusal = [](const std::string& text) {
    return config_error([&] { validate(parse(text)); });
  };
  EXPECT_THAT(refusal("search: {weights: {learning_rate: 0.1, min_learning_rate: 0.2}}\n"),
              StartsWith("search.weights.min_learning_rate: 0.2 is above"));
  EXPECT_THAT(refusal("evaluation: {min_learning_rate: 0.2}\n"),
              StartsWith("evaluation.min_learning_rate: "));
  EXPECT_THAT(refusal("supernet: {space: s1, nodes: 3}\n"), HasSubstr("s1"));
  EXPECT_THAT(refusal("dataset: {train_portion: 0.6, validation_portion: 0.5}\n"),
              StartsWith("dataset.validation_portion: "));
  EXPECT_THAT(refusal("supernet: {family: pdarts, pdarts: {skip_dropout: [0.5]}}\n"),
              StartsWith("supernet.pdarts."));
  EXPECT_NO_THROW(validate(parse("seed: 1\n")));
}

TEST(ConfigWarnings, BatchSizeWithoutItsLearningRate) {
  const std::string text = "search: {batch_size: 64, weights: {learning_rate: 0.025}}\n";
  const Config original = parse(text);
  EXPECT_THAT(config_warnings(original, original), IsEmpty());
  const Config changed = parse(text, {"search.batch_size=16"});
  const std::vector<std::string> warnings = config_warnings(original, changed);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], StartsWith("search.batch_size was changed from 64 to 16"));
  EXPECT_THAT(warnings[0], HasSubstr("in proportion it would be 0.00625"));
  EXPECT_THAT(config_warnings(original, parse(text, {"search.batch_size=16",
                                                     "search.weights.learning_rate=0.00625"})),
              IsEmpty());
  EXPECT_THAT(config_warnings(original, parse(text, {"search.batch_size=64"})), IsEmpty());
  EXPECT_EQ(config_warnings(original, parse(text, {"evaluation.batch_size=8"})).size(), 1U);
}

TEST(ConfigWarnings, ArchitectureThatNeverMovesAndSaliencyThatIsZero) {
  const Config frozen = parse("search: {epochs: 5, architecture: {start_epoch: 5}}\n");
  ASSERT_EQ(config_warnings(frozen, frozen).size(), 1U);
  EXPECT_THAT(config_warnings(frozen, frozen)[0], HasSubstr("never be updated"));
  const Config zero = parse("attack: {random_start: false}\n");
  ASSERT_EQ(config_warnings(zero, zero).size(), 1U);
  EXPECT_THAT(config_warnings(zero, zero)[0], HasSubstr("saliency will be zero"));
}

TEST(ConfigWarnings, GreyLevelsAreNoPixels) {
  const auto warnings = [](const std::vector<std::string>& settings) {
    return config_warnings(parse("seed: 1\n"), parse("seed: 1\n", settings));
  };
  EXPECT_THAT(warnings({"attack.epsilon=8", "attack.step_size=2"}),
              ElementsAre(AllOf(StartsWith("attack.epsilon is 8,"), HasSubstr("8/255 meant")),
                          AllOf(StartsWith("attack.step_size is 2,"), HasSubstr("2/255 meant"))));
  EXPECT_THAT(warnings({"attack.epsilon=8/255"}), IsEmpty());
  EXPECT_THAT(warnings({"attack.epsilon=8", "attack.norm=l2"}), IsEmpty());
}

}  // namespace
}  // namespace sanas
