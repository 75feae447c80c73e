// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/pcdarts_supernet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "sanas/nn/cost.h"
#include "search_support.h"

namespace sanas {
namespace {

/// The network of darts-family §13.3.
std::shared_ptr<PcdartsSupernet> golden_network() {
  const auto space = make_search_space("darts");
  const auto architecture = architecture_of(
      space, {golden_alphas(false), golden_alphas(true), golden_betas(false), golden_betas(true)});
  return filled(
      std::make_shared<PcdartsSupernet>(space, architecture, golden_options(), PcdartsOptions{}));
}

TEST(PcdartsSupernet, GoldenLogitsAndLoss) {
  const auto net = golden_network();
  const auto batch = golden_training_batch();
  const auto logits = net->forward(batch.images);
  expect_published(first_logits(logits), "-0.1754679507 -0.5150071103 -0.5997512090");
  expect_published({torch::nn::functional::cross_entropy(logits, batch.labels).item<double>()},
                   "2.722836413113");
  EXPECT_EQ(count_parameters(*net), 26430);
}

TEST(PcdartsSupernet, GoldenFirstOrderGradient) {
  const auto net = golden_network();
  const auto gradients =
      gradients_of(loss_of(*net, golden_validation_batch()), net->architecture().tensors());
  expect_published(chk_and_norm(gradients),
                   "-5.788389548120e-3 3.164319796374e-2 3.044027853957e-3 1.782643207469e-2 "
                   "-1.054365257335e-3 6.504961218551e-2 -1.046754765604e-3 4.331989578488e-2");
}

TEST(PcdartsSupernet, GoldenGenotype) {
  const auto genotype = golden_network()->derive();
  EXPECT_EQ(genotype.normal, cell_of("sep3@1 max@0 | avg@2 dil3@1 | sep3@2 max@1 | avg@1 sep3@4"));
  EXPECT_EQ(genotype.reduce,
            cell_of("skip@0 skip@1 | dil3@1 dil3@2 | sep3@2 max@1 | avg@1 sep5@4"));
}

TEST(PcdartsSupernet, BetasSumToOnePerNode) {
  const auto edges = normalize_edges(golden_betas(false), CellTopology{4});
  for (const auto& [begin, end] : {std::pair{0, 2}, {2, 5}, {5, 9}, {9, 14}}) {
    EXPECT_NEAR(edges.slice(0, begin, end).sum().item<double>(), 1.0, 1e-14);
  }
  const double ratio = (edges[3] / edges[2]).item<double>();
  const auto betas = golden_betas(false);
  EXPECT_NEAR(ratio, std::exp((betas[3] - betas[2]).item<double>()), 1e-14);
}

TEST(PcdartsSupernet, PartsMustDivideTheChannels) {
  auto choice = choice_of("pcdarts");
  choice.options.channels = 6;
  EXPECT_THAT(
      [&] { make_supernet(choice, make_architecture(choice, 1e-3)); },
      testing::ThrowsMessage<ConfigError>(testing::HasSubstr(
          "supernet.pcdarts.partial_channels = 4: expected a divisor of supernet.channels = 6")));
  choice.pcdarts.partial_channels = 0;
  EXPECT_THROW(make_supernet(choice, make_architecture(choice, 1e-3)), ConfigError);
}

TEST(PcdartsSupernet, HasTheStateDictNamesOfTheOriginal) {
  const auto parameters = golden_network()->named_parameters();
  const auto* weight = parameters.find("cells.0._ops.13._ops.4.op.1.weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(weight->size(0), 1);  // 4 channels / K
}

// darts-family §8.2 and §8.4.
TEST(PcdartsSupernet, SizesAreThePublishedOnes) {
  auto choice = choice_of("pcdarts");
  const auto net = make_supernet(choice, make_architecture(choice, 1e-3));
  EXPECT_EQ(count_parameters(*net), 299578);
  const auto macs = count_macs([&] { net->forward(torch::zeros({1, 3, 32, 32})); });
  EXPECT_EQ((macs + 5000) / 10000, 5660);  // 56.60 million
  choice.options.classes = 100;
  EXPECT_EQ(count_parameters(*make_supernet(choice, make_architecture(choice, 1e-3))), 322708);
}

TEST(PcdartsSupernet, ImageNetSizesAreThePublishedOnes) {
  auto choice = choice_of("pcdarts");
  choice.options.kind = NetworkKind::kImageNet;
  choice.options.classes = 1000;
  choice.pcdarts.partial_channels = 2;
  const auto net = make_supernet(choice, make_architecture(choice, 1e-3));
  EXPECT_EQ(count_parameters(*net), 956512);
  const auto macs = count_macs([&] { net->forward(torch::zeros({1, 3, 224, 224})); });
  EXPECT_EQ((macs + 5000) / 10000, 14439);  // 144.39 million
  const auto parameters = net->named_parameters();
  for (const char* name :
       {"stem0.0.weight", "stem0.1.weight", "stem0.3.weight", "stem0.4.weight", "stem1.1.weight",
        "stem1.2.weight", "cells.0.preprocess0.conv_1.weight"}) {
    EXPECT_NE(parameters.find(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace sanas
