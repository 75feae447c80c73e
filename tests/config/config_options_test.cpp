// SPDX-License-Identifier: Apache-2.0
// A configuration says what several parts need to know once, whether it was read or made in C++.
#include "config/config_test_support.h"

namespace sanas {
namespace {

using ::testing::HasSubstr;

TEST(ConfigOptions, BringMethodSeedAndPolicyToTheLoops) {
  Config config;
  config.method = Method::kPlain;
  config.seed = 77;
  config.search.on_nonfinite = NonFinitePolicy::kSkip;
  const SearchOptions search = search_options(config);
  EXPECT_EQ(search.method, SearchMethod::kPlain);
  EXPECT_EQ(search.seed, 77U);
  EXPECT_EQ(search.on_nonfinite, NonFinitePolicy::kSkip);
  const EvaluationOptions evaluation = evaluation_options(config);
  EXPECT_EQ(evaluation.seed, 77U);
  EXPECT_EQ(evaluation.on_nonfinite, NonFinitePolicy::kSkip);
  config.method = Method::kSanas;
  EXPECT_EQ(search_options(config).method, SearchMethod::kSanas);
}

TEST(ConfigOptions, GiveTheAttackTheStepsOfTheHypergradient) {
  Config config;
  config.search.hypergradient.delta_step_size = 0.125;
  config.search.hypergradient.inner_steps.delta = 3;
  EXPECT_EQ(search_options(config).attack.delta_step_size, 0.125);
  EXPECT_EQ(search_options(config).attack.delta_steps, 3);
  const Config read = parse("hypergradient: {delta_step_size: 3/255}\n");
  EXPECT_EQ(search_options(read).attack.delta_step_size, 3.0 / 255.0);
}

TEST(ConfigOptions, AreWhatIsChecked) {
  Config config;
  config.search.adversarial_weights1 = true;
  EXPECT_NO_THROW(validate_search(config));
  config.method = Method::kPlain;
  EXPECT_THAT(config_error([&] { validate_search(config); }),
              HasSubstr("search.adversarial_weights1: with method: plain"));
}

}  // namespace
}  // namespace sanas
