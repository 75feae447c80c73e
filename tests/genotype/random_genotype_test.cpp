// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/random_genotype.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "sanas/core/error.h"

namespace sanas {
namespace {

TEST(RandomGenotype, IsValidInEverySpace) {
  for (const auto& name : search_space_names()) {
    const auto space = make_search_space(name);
    for (uint64_t seed = 0; seed < 50; ++seed) {
      const auto genotype = random_genotype(space, seed);
      validate(genotype);
      for (const bool reduction : {false, true}) {
        const auto& genes = (reduction ? genotype.reduce : genotype.normal).genes;
        for (size_t i = 0; i < genes.size(); ++i) {
          const int node = static_cast<int>(i) / 2;
          const auto& candidates =
              space.cell(reduction)[space.topology.first_edge(node) + genes[i].source];
          EXPECT_NE(genes[i].operation, Primitive::kNone);
          EXPECT_NE(std::find(candidates.begin(), candidates.end(), genes[i].operation),
                    candidates.end());
        }
        for (size_t i = 0; i < genes.size(); i += 2) {
          EXPECT_LT(genes[i].source, genes[i + 1].source);
        }
      }
    }
  }
}

TEST(RandomGenotype, IsAFunctionOfTheSeed) {
  const auto space = make_search_space("darts");
  EXPECT_EQ(random_genotype(space, 7), random_genotype(space, 7));
  std::set<std::string> different;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    different.insert(to_string(random_genotype(space, seed)));
  }
  EXPECT_EQ(different.size(), 100U);
}

// A node with two inputs of one and three operations has 3 pairs; one with a third input of two
// operations 3 + 2 + 6 = 11, so an operation that more pairs hold is drawn more often.
TEST(RandomGenotype, DrawsEveryGenotypeEquallyOften) {
  SearchSpace space;
  space.name = "uneven";
  space.topology.nodes = 2;
  const std::vector<Primitive> one{Primitive::kNone, Primitive::kSkipConnect};
  const std::vector<Primitive> three{Primitive::kMaxPool3x3, Primitive::kAvgPool3x3,
                                     Primitive::kSepConv3x3, Primitive::kNone};
  const std::vector<Primitive> two{Primitive::kSepConv3x3, Primitive::kDilConv3x3};
  space.normal = space.reduce = {one, three, one, three, two};
  constexpr int kGenotypes = 3 * 11;
  constexpr int kDraws = 300 * kGenotypes;
  std::map<std::string, int> counts;
  for (uint64_t seed = 0; seed < kDraws; ++seed) {
    Genotype genotype = random_genotype(space, seed);
    genotype.reduce = genotype.normal;
    ++counts[to_string(genotype)];
  }
  ASSERT_EQ(counts.size(), static_cast<size_t>(kGenotypes));
  double chi_squared = 0.0;
  for (const auto& [text, count] : counts) {
    chi_squared += (count - 300.0) * (count - 300.0) / 300.0;
  }
  EXPECT_LT(chi_squared, 62.5);  // 99.9 % of the distribution with 32 degrees of freedom
}

TEST(RandomGenotype, NeedsTwoInputs) {
  SearchSpace space;
  space.topology.nodes = 1;
  space.normal = space.reduce = {{Primitive::kSkipConnect}, {Primitive::kNone}};
  EXPECT_THROW(random_genotype(space, 0), ConfigError);
}

}  // namespace
}  // namespace sanas
