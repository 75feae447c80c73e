// SPDX-License-Identifier: Apache-2.0
#include "supernet/pdarts_supernet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "genotype/progressive_derivation.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/nn/cost.h"
#include "search_support.h"
#include "supernet/skip_dropout.h"

namespace sanas {
namespace {

PdartsOptions without_dropout() {
  PdartsOptions options;
  options.skip_dropout = {0.0, 0.0, 0.0};
  return options;
}

/// The space after `stages` stages of darts-family §13.6.
SearchSpace golden_space(int stages) {
  auto space = make_search_space("darts");
  const PdartsOptions options;
  for (int stage = 0; stage < stages; ++stage) {
    space = drop_operations(space, golden_pdarts_alphas(space, stage, false).softmax(-1),
                            golden_pdarts_alphas(space, stage, true).softmax(-1),
                            options.kept_operations[static_cast<size_t>(stage)]);
  }
  return space;
}

std::shared_ptr<PdartsSupernet> network_on(const SearchSpace& space, int alpha_stage,
                                           const PdartsOptions& options) {
  const auto architecture =
      architecture_of(space, {golden_pdarts_alphas(space, alpha_stage, false),
                              golden_pdarts_alphas(space, alpha_stage, true)});
  return filled(std::make_shared<PdartsSupernet>(space, architecture, golden_options(), options));
}

// darts-family §13.4.
TEST(PdartsSupernet, GoldenNetworkOfTheSecondStage) {
  const auto net = network_on(golden_space(1), 1, without_dropout());
  EXPECT_EQ(count_parameters(*net) + 140, 81262);
  const auto batch = golden_training_batch();
  const auto logits = net->forward(batch.images);
  const auto loss = torch::nn::functional::cross_entropy(logits, batch.labels);
  expect_published(first_logits(logits), "0.5932979367 1.0239438888 0.8832743268");
  expect_published({loss.item<double>()}, "1.822080241401");
  expect_published(chk_and_norm(gradients_of(loss, net->architecture().tensors())),
                   "1.0335778409e-1 1.8150447171 1.1854573491e-1 1.5366673590");
}

TEST(PdartsSupernet, StageLeavesTheGoldenSpace) {
  const auto net = network_on(make_search_space("darts"), 0, without_dropout());
  const auto next =
      drop_operations(net->space(), net->edge_weights(false), net->edge_weights(true), 5);
  EXPECT_EQ(next.normal, edges_of("01345 01347 03467 02367 23567 12356 01345 01347 03467 02367 "
                                  "23567 12356 12345 01347"));
  EXPECT_EQ(next.reduce, edges_of("03467 02367 23567 12456 01245 01457 03467 02367 23567 12356 "
                                  "01245 01457 01347 02367"));
}

TEST(PdartsSupernet, ProductHasAtMostTheGivenSkips) {
  auto options = without_dropout();
  options.stage = 2;
  options.added_cells = {0, 0, 0};
  const auto net = network_on(golden_space(2), 2, options);
  EXPECT_EQ(net->derive().normal,
            cell_of("sep3@0 skip@1 | avg@1 sep5@2 | max@0 skip@2 | avg@0 sep5@1"));
  EXPECT_EQ(net->derive().reduce,
            cell_of("dil3@0 avg@1 | sep5@0 sep3@1 | avg@2 sep5@3 | max@0 skip@3"));
  EXPECT_GT(net->margin(), 0.0);
  options.max_skips = 0;
  EXPECT_EQ(network_on(golden_space(2), 2, options)->derive().normal,
            cell_of("sep3@0 dil5@1 | avg@1 sep5@2 | max@0 dil3@3 | avg@0 sep5@1"));
}

// darts-family §7.2.
TEST(PdartsSupernet, SizesOfTheStagesAreThePublishedOnes) {
  auto choice = choice_of("pdarts");
  choice.options.cells = 5;
  std::vector<int64_t> sizes;
  for (choice.pdarts.stage = 0; choice.pdarts.stage < 3; ++choice.pdarts.stage) {
    sizes.push_back(count_parameters(*make_supernet(choice, make_architecture(choice, 1e-3))));
  }
  EXPECT_EQ(sizes[0], 1275834);
  EXPECT_EQ((sizes[1] + 224 + 500) / 1000, 2585);
  EXPECT_EQ((sizes[2] + 224 + 500) / 1000, 3894);
}

TEST(PdartsSupernet, HasTheStateDictNamesOfTheOriginal) {
  const auto net = network_on(golden_space(1), 1, without_dropout());
  const auto parameters = net->named_parameters();
  // Edge 0 of a normal cell has 0, 1, 3, 4 and 5 on: its fourth operation is a 3×3 convolution.
  for (const char* name : {"cells.0.cell_ops.0.m_ops.3.op.1.weight",
                           "cells.0.cell_ops.13.m_ops.4.op.1.weight", "classifier.weight"}) {
    EXPECT_NE(parameters.find(name), nullptr) << name;
  }
  EXPECT_NE(net->named_buffers().find("cells.0.cell_ops.0.m_ops.1.1.running_mean"), nullptr);
}

TEST(PdartsSupernet, DropoutFollowsTheScheduleOnStrideOneSkipsOnly) {
  auto options = without_dropout();
  options.skip_dropout[0] = 0.4;
  const auto net = network_on(make_search_space("darts"), 0, options);
  const auto rates = [&net] {
    std::vector<double> result;
    for (const auto& child : net->modules()) {
      if (const auto* skip = child->as<SkipDropout>()) {
        result.push_back(skip->rate());
      }
    }
    return result;
  };
  // 14 edges in each of three normal cells, 6 that don't touch the inputs in two reduction cells.
  EXPECT_THAT(rates(), testing::SizeIs(54));
  EXPECT_THAT(rates(), testing::Each(0.4));
  net->start_epoch({.index = 24, .count = 25, .warmup = 10});
  EXPECT_THAT(rates(), testing::Each(testing::DoubleNear(0.024324025, 5e-10)));
}

TEST(PdartsSupernet, DropoutIsReplayedAndOffInEvaluation) {
  auto options = without_dropout();
  options.skip_dropout[0] = 0.4;
  const auto net = network_on(make_search_space("darts"), 0, options);
  const auto plain = network_on(make_search_space("darts"), 0, without_dropout());
  const auto x = golden_training_batch().images;
  const auto logits = [&](Supernet& network, uint64_t seed) {
    const FrozenRandomness frozen(seed);
    return network.forward(x);
  };
  EXPECT_TRUE(torch::equal(logits(*net, 1), logits(*net, 1)));
  EXPECT_FALSE(torch::equal(logits(*net, 1), logits(*net, 2)));
  net->eval();
  plain->eval();
  fill_parameters(*net);  // running statistics as in `plain`
  EXPECT_TRUE(torch::equal(net->forward(x), plain->forward(x)));
}

TEST(SkipDropout, ScalesWhatItKeeps) {
  SkipDropout skip;
  skip.set_rate(0.25);
  const FrozenRandomness frozen(3);
  const auto y = skip.forward(torch::ones({1, 1, 100, 100}, torch::kDouble));
  const auto kept = y > 0;
  EXPECT_TRUE(torch::allclose(y.masked_select(kept), torch::full({1}, 4.0 / 3.0, torch::kDouble)));
  // 10000 draws with p = 0.75: the standard deviation is 43.
  EXPECT_NEAR(kept.sum().item<double>(), 7500.0, 200.0);
}

// darts-family §12: r = 0.4.
TEST(PdartsSchedule, SkipDropoutIsThePublishedOne) {
  const auto rate = [](int64_t epoch) { return skip_dropout_rate(0.4, epoch, 25, 10); };
  EXPECT_NEAR(rate(0), 0.384, 1e-15);
  EXPECT_NEAR(rate(1), 0.368, 1e-15);
  EXPECT_NEAR(rate(9), 0.24, 1e-15);
  EXPECT_NEAR(rate(10), 0.4, 1e-15);
  expect_published({rate(11), rate(24)}, "0.327492301 0.024324025");
}

TEST(PdartsOptions, ImpossiblePlansAreRefused) {
  const auto message = [](auto change) -> std::string {
    PdartsOptions options;
    change(options);
    try {
      validate(options);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  using testing::HasSubstr;
  EXPECT_EQ(message([](PdartsOptions&) {}), "no error");
  EXPECT_THAT(message([](auto& o) { o.added_channels.pop_back(); }), HasSubstr("added_channels"));
  EXPECT_THAT(message([](auto& o) { o.skip_dropout[1] = 1.0; }), HasSubstr("skip_dropout"));
  EXPECT_THAT(message([](auto& o) { o.kept_operations = {5, 5, 1}; }), HasSubstr("falling"));
  EXPECT_THAT(message([](auto& o) { o.kept_operations[2] = 2; }), HasSubstr("end with 1"));
  EXPECT_THAT(message([](auto& o) { o.stage = 3; }), HasSubstr("stage: expected 0 to 2"));
}

TEST(PdartsOptions, SmallSpacesNeedAPlanOfTheirOwn) {
  auto choice = choice_of("pdarts", "s3");
  EXPECT_THAT([&] { make_supernet(choice, make_architecture(choice, 1e-3)); },
              testing::ThrowsMessage<ConfigError>(
                  testing::HasSubstr("can't keep 5 of the 3 operations of space s3")));
  choice.pdarts.kept_operations = {2, 1};
  choice.pdarts.added_cells = {0, 1};
  choice.pdarts.added_channels = {0, 0};
  choice.pdarts.skip_dropout = {0.1, 0.2};
  EXPECT_NO_THROW(make_supernet(choice, make_architecture(choice, 1e-3)));
}

}  // namespace
}  // namespace sanas
