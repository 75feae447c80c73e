// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/search_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "support/cells.h"

namespace sanas {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;
using enum Primitive;

TEST(CellTopology, NumbersEdgesNodeByNode) {
  const CellTopology topology{4};
  EXPECT_EQ(topology.edges(), 14);
  EXPECT_EQ(topology.first_edge(0), 0);
  EXPECT_EQ(topology.first_edge(1), 2);
  EXPECT_EQ(topology.first_edge(2), 5);
  EXPECT_EQ(topology.first_edge(3), 9);
}

TEST(SearchSpace, DartsHasTheEightPrimitivesInOrder) {
  const auto space = make_search_space("darts");
  EXPECT_THAT(space.normal, SizeIs(14));
  EXPECT_THAT(space.normal, Each(edges_of("01234567").front()));
  EXPECT_EQ(space.reduce, space.normal);
  EXPECT_EQ(space.operations(), 8);
}

TEST(SearchSpace, PrdartsHasItsOwnColumnOrder) {
  EXPECT_THAT(make_search_space("prdarts").reduce, Each(edges_of("03456721").front()));
}

TEST(SearchSpace, S1IsThePublishedTable) {
  // method §10, by primitive number: 1 max, 2 avg, 3 skip, 4 sep 3x3, 6 dil 3x3, 7 dil 5x5.
  const auto space = make_search_space("s1");
  EXPECT_EQ(space.normal, edges_of("36 37 37 34 36 13 34 34 36 34 13 36 67 67"));
  EXPECT_EQ(space.reduce, edges_of("12 16 12 12 37 12 14 36 37 12 12 37 37 37"));
}

TEST(SearchSpace, S2ToS4AreUniform) {
  EXPECT_THAT(make_search_space("s2").normal, Each(ElementsAre(kSkipConnect, kSepConv3x3)));
  EXPECT_THAT(make_search_space("s3").reduce, Each(ElementsAre(kNone, kSkipConnect, kSepConv3x3)));
  EXPECT_THAT(make_search_space("s4").normal, Each(ElementsAre(kNoise, kSepConv3x3)));
}

TEST(SearchSpace, AllNamedSpacesAreValid) {
  for (const auto& name : search_space_names()) {
    EXPECT_NO_THROW(validate(make_search_space(name))) << name;
  }
}

TEST(SearchSpace, NodesAreFreeWhereTheSpaceIsUniform) {
  EXPECT_THAT(make_search_space("s3", 2).normal, SizeIs(5));
  EXPECT_THAT([] { make_search_space("s1", 3); },
              ThrowsMessage<ConfigError>(HasSubstr("s1 is defined for 4 nodes, not 3")));
  EXPECT_THAT([] { make_search_space("darts", 0); },
              ThrowsMessage<ConfigError>(HasSubstr("supernet.nodes = 0: expected 1 to 16")));
}

TEST(SearchSpace, UnknownNamesGetASuggestion) {
  EXPECT_THAT([] { make_search_space("dart"); },
              ThrowsMessage<ConfigError>(HasSubstr("'dart', did you mean 'darts'")));
}

TEST(SearchSpace, UnevenEdgesAreRefused) {
  auto space = make_search_space("s2");
  space.reduce[7].push_back(kNone);
  EXPECT_THAT([&] { validate(space); },
              ThrowsMessage<ConfigError>(HasSubstr("the same number of operations")));
  space = make_search_space("s2");
  space.normal.pop_back();
  EXPECT_THAT([&] { validate(space); },
              ThrowsMessage<ConfigError>(HasSubstr("13 edges, expected 14")));
}

}  // namespace
}  // namespace sanas
