// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "sanas/genotype/genotype.h"
#include "support/damage.h"

namespace sanas {
namespace {

TEST(DamagedGenotype, EndsInAGenotypeOrAnError) {
  for (const auto& name : preset_genotype_names()) {
    expect_damage_is_survived<FileError>(to_string(load_genotype(name)),
                                         [](const std::string& text) {
                                           const Genotype genotype = parse_genotype(text);
                                           EXPECT_EQ(parse_genotype(to_string(genotype)), genotype);
                                         });
  }
}

TEST(DamagedGenotype, LongAndDeepTextsAreRefused) {
  const ScopedMemoryLimit limit;
  for (const std::string piece : {"(", "[", "('skip_connect', 0), ", "9", "Genotype(", "\""}) {
    std::string text = "Genotype(normal=[";
    for (int i = 0; i < 100'000; ++i) {
      text += piece;
    }
    EXPECT_THROW(parse_genotype(text), FileError) << piece;
  }
}

}  // namespace
}  // namespace sanas
