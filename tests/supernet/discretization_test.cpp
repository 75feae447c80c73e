// SPDX-License-Identifier: Apache-2.0
#include "supernet/discretization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "search_support.h"

namespace sanas {
namespace {

/// Without pooling, behind which a search network has a batch norm that a discrete one has not.
Genotype genotype() {
  const CellGenotype normal =
      cell_of("skip@0 sep3@1 | dil5@0 sep5@2 | skip@1 dil3@3 | sep3@2 skip@4");
  const CellGenotype reduce =
      cell_of("skip@0 dil3@1 | sep5@1 skip@2 | dil5@0 skip@3 | skip@2 sep3@0");
  return {normal, reduce};
}

/// Alphas so extreme that the softmax is exactly 1 for the chosen operations, and for `none` on
/// edges that the genotype does not have.
torch::Tensor deciding_alphas(const EdgeCandidates& candidates, const CellGenotype& cell,
                              const CellTopology& topology) {
  auto alphas = torch::full({topology.edges(), static_cast<int64_t>(candidates[0].size())}, -1e4);
  const auto decide = [&](int edge, Primitive operation) {
    const auto& row = candidates[static_cast<size_t>(edge)];
    alphas[edge][std::find(row.begin(), row.end(), operation) - row.begin()] = 1e4;
  };
  std::vector<bool> kept(candidates.size());
  for (size_t k = 0; k < cell.genes.size(); ++k) {
    const int edge = topology.first_edge(static_cast<int>(k / 2)) + cell.genes[k].source;
    decide(edge, cell.genes[k].operation);
    kept[static_cast<size_t>(edge)] = true;
  }
  for (int edge = 0; edge < topology.edges(); ++edge) {
    if (!kept[static_cast<size_t>(edge)]) {
      decide(edge, Primitive::kNone);
    }
  }
  return alphas;
}

class Discretization : public testing::TestWithParam<std::string> {};

TEST_P(Discretization, ComputesWhatTheDecidedSearchNetworkComputes) {
  SupernetChoice choice = choice_of(GetParam());
  choice.options = golden_options();
  const auto space = make_search_space(choice);
  const auto architecture =
      architecture_of(space, {deciding_alphas(space.normal, genotype().normal, space.topology),
                              deciding_alphas(space.reduce, genotype().reduce, space.topology)});
  const auto net =
      std::dynamic_pointer_cast<CellSupernet>(filled(make_supernet(choice, architecture)));
  ASSERT_NE(net, nullptr);
  const auto batch = golden_training_batch();
  net->train();
  net->forward(batch.images);  // moves the running statistics
  net->eval();

  const auto discrete = discretize(*net, genotype(), choice.options);
  discrete->to(test_device(), torch::kDouble);
  discrete->eval();
  const auto difference =
      (discrete->forward(batch.images).logits - net->forward(batch.images)).abs().max();
  EXPECT_LT(difference.item<double>(), 1e-12);
  EXPECT_EQ(to_string(discrete->genotype()), to_string(genotype()));
}

INSTANTIATE_TEST_SUITE_P(Families, Discretization, testing::Values("darts", "pdarts"),
                         [](const auto& info) { return info.param; });

TEST(DiscretizationErrors, NameWhatDoesNotFit) {
  const auto partial =
      std::dynamic_pointer_cast<CellSupernet>(small_supernet(choice_of("pcdarts")));
  SupernetOptions options;
  options.channels = 4;
  options.cells = 3;
  EXPECT_THAT(
      [&] { discretize(*partial, genotype(), options); },
      testing::ThrowsMessage<ConfigError>(testing::HasSubstr("see only a part of the channels")));
  const auto narrow =
      std::dynamic_pointer_cast<CellSupernet>(small_supernet(choice_of("darts", "s2")));
  EXPECT_THAT([&] { discretize(*narrow, genotype(), options); },
              testing::ThrowsMessage<ConfigError>(testing::HasSubstr("no candidate of its edge")));
}

}  // namespace
}  // namespace sanas
