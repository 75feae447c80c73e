// SPDX-License-Identifier: Apache-2.0
#include "supernet/prdarts_supernet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/nn/cost.h"
#include "scripted_gate_noise.h"
#include "search_support.h"

namespace sanas {
namespace {

/// The network of darts-family §13.7 with scripted noise.
std::shared_ptr<PrdartsSupernet> golden_network(double temperature) {
  const auto space = make_search_space("prdarts");
  const auto architecture = architecture_of(space, {golden_alphas(false), golden_alphas(true)});
  auto options = golden_options();
  options.cells = 6;
  auto net = filled(std::make_shared<PrdartsSupernet>(
      space, architecture, options, PrdartsOptions{}, std::make_shared<ScriptedGateNoise>()));
  net->set_temperature(temperature);
  return net;
}

struct GoldenForward {
  double temperature;
  const char* normal_mask;
  const char* reduce_mask;
  const char* logits;
  const char* loss;
  const char* regularization;
  const char* normal_norm_and_chk;
  const char* reduce_norm;
};

void expect_golden_forward(const GoldenForward& golden) {
  const auto net = golden_network(golden.temperature);
  const auto batch = golden_training_batch();
  const auto sample = net->sample_architecture();
  const auto logits = net->forward(batch.images, sample);
  EXPECT_EQ(mask_text(mask_of(sample.normal.operations)), golden.normal_mask);
  EXPECT_EQ(mask_text(mask_of(sample.reduce.operations)), golden.reduce_mask);
  const auto loss = torch::nn::functional::cross_entropy(logits, batch.labels);
  const auto regularization = net->regularization(sample);
  expect_published(first_logits(logits), golden.logits);
  expect_published({loss.item<double>()}, golden.loss);
  expect_published({regularization.item<double>()}, golden.regularization);
  const auto gradients = gradients_of(loss + regularization, net->architecture().tensors());
  expect_published({gradients[0].norm().item<double>(), chk(gradients[0])},
                   golden.normal_norm_and_chk);
  expect_published({gradients[1].norm().item<double>()}, golden.reduce_norm);
}

TEST(PrdartsSupernet, GoldenForwardAtTemperatureOne) {
  expect_golden_forward({1.0, "45 25 05 05 35 06 34 16 34 16 24 17 24 27",
                         "45 27 05 27 05 23 03 36 03 36 34 16 34 17",
                         "1.0195893608 0.0635081320 -0.9874484336", "3.521567636054",
                         "0.010558986610", "8.3839570036e-1 3.6508488640e-1", "2.5679179594e-1"});
}

// Here most gates are exactly 0 or 1, and the order of equal gates decides.
TEST(PrdartsSupernet, GoldenForwardAtLowTemperature) {
  expect_golden_forward({0.1, "45 57 05 05 35 05 34 01 34 67 24 27 24 57",
                         "45 27 05 27 05 23 05 36 03 13 34 67 34 27",
                         "1.1857932362 0.2221877412 -0.9366106704", "3.304826890192",
                         "0.006676646673", "1.5904490609 1.3969578107", "2.2241119850e-1"});
}

TEST(PrdartsSupernet, GoldenGenotype) {
  const auto genotype = golden_network(1.0)->derive();
  EXPECT_EQ(genotype.normal,
            cell_of("skip@0 dil3@1 | sep3@2 avg@2 | dil5@0 skip@1 | sep3@1 dil5@2"));
  EXPECT_EQ(genotype.reduce,
            cell_of("sep5@1 sep5@0 | avg@1 sep5@0 | max@3 dil3@2 | dil5@3 sep3@1"));
  EXPECT_GT(golden_network(1.0)->margin(), 0.0);
}

TEST(PrdartsSupernet, GoldenSize) { EXPECT_EQ(count_parameters(*golden_network(1.0)), 143510); }

// darts-family §9.1: with 6 cells this is the released code's layout.
TEST(PrdartsSupernet, OfficialLayoutHasThePublishedSize) {
  auto choice = choice_of("prdarts");
  choice.options.cells = 6;
  const auto net = make_supernet(choice, make_architecture(choice, 1e-3));
  EXPECT_EQ(count_parameters(*net), 1323002);
  const auto parameters = net->named_parameters();
  const auto width = [&](int cell) {
    return parameters["cells." + std::to_string(cell) + ".preprocess1.op.1.weight"].size(0);
  };
  EXPECT_THAT((std::vector{width(0), width(1), width(2), width(3), width(4), width(5)}),
              testing::ElementsAre(16, 16, 32, 32, 64, 64));
}

TEST(PrdartsSupernet, HasTheStateDictNamesOfTheOriginal) {
  const auto net = golden_network(1.0);
  const auto parameters = net->named_parameters();
  for (const char* name :
       {"stem.0.weight", "cells.0.edges.0<-0._ops.2.op.1.weight",
        "cells.0.edges.3<-4._ops.5.op.1.weight", "cells.2.edges.0<-1._ops.1.conv_1.weight",
        "lastact.0.weight", "lastact.0.bias", "classifier.weight"}) {
    EXPECT_NE(parameters.find(name), nullptr) << name;
  }
  // Batch norms of cells keep no statistics, those of stem and head do.
  for (const auto& buffer : net->named_buffers()) {
    EXPECT_FALSE(buffer.key().starts_with("cells.")) << buffer.key();
  }
  EXPECT_NE(net->named_buffers().find("lastact.0.running_mean"), nullptr);
}

TEST(PrdartsSupernet, OnlySampledOperationsGetGradients) {
  const auto net = golden_network(1.0);
  loss_of(*net, golden_training_batch()).backward();
  // Edge 0 of the normal cells samples 4 and 5, and not 2 or 3.
  for (const auto& parameter : net->named_parameters()) {
    if (!parameter.key().starts_with("cells.0.edges.0<-0._ops.")) {
      continue;
    }
    const char column = parameter.key()[std::string("cells.0.edges.0<-0._ops.").size()];
    EXPECT_EQ(parameter.value().grad().defined(), column == '4' || column == '5')
        << parameter.key();
  }
}

TEST(PrdartsSupernet, GatesAreDrawnAnewAndReplayedUnderOneSeed) {
  const auto net = small_supernet(choice_of("prdarts"));
  const auto mask_under = [&](uint64_t seed) {
    const FrozenRandomness frozen(seed);
    return mask_of(net->sample_architecture().normal.operations);
  };
  const auto first = mask_under(1);
  EXPECT_TRUE(torch::equal(mask_under(1), first));
  EXPECT_FALSE(torch::equal(mask_under(2), first));
  EXPECT_TRUE(torch::equal(first.sum(1), torch::full({14}, 2.0, torch::kDouble)));
}

/// Weights that leave in the given columns of each edge.
OperationWeights using_columns(int64_t factor, int64_t shift) {
  OperationWeights weights;
  for (int64_t e = 0; e < 14; ++e) {
    auto& edge = weights.emplace_back(8);
    for (const int64_t column : {e % 8, (factor * e + shift) % 8}) {
      edge[static_cast<size_t>(column)] = torch::ones({});
    }
  }
  return weights;
}

// darts-family §13.7, whatever is drawn in between.
TEST(PrdartsSupernet, RegularizationIsThatOfTheGivenSample) {
  const auto net = golden_network(0.5);
  const ArchitectureSample sample{{using_columns(3, 1), {}}, {using_columns(5, 3), {}}};
  net->forward(golden_training_batch().images);
  expect_published({net->regularization(sample).item<double>()}, "0.009118550158");
}

// darts-family §12.
TEST(PrdartsSchedule, TemperatureIsThePublishedOne) {
  PrdartsOptions options;
  const auto at = [&](int64_t epoch) { return gate_temperature(options, epoch, 200); };
  EXPECT_EQ(at(0), 10.0);
  expect_published({at(100), at(160), at(161)}, "5.025125628 2.040201 1.990452");
  EXPECT_NEAR(at(199), 0.1, 1e-12);
  options.temperature_start = 1.0;
  expect_published({at(100)}, "0.547738693");
  EXPECT_EQ(gate_temperature(options, 0, 1), 1.0);
}

TEST(PrdartsSchedule, NetworkFollowsIt) {
  auto net = std::static_pointer_cast<PrdartsSupernet>(small_supernet(choice_of("prdarts")));
  EXPECT_EQ(net->temperature(), 10.0);
  net->start_epoch({199, 200});
  EXPECT_NEAR(net->temperature(), 0.1, 1e-12);
}

TEST(PrdartsOptions, ValuesOutOfRangeAreRefused) {
  const auto space = make_search_space("s2");
  PrdartsOptions options;
  EXPECT_NO_THROW(validate(options, space));
  options.sampled_operations = 3;
  EXPECT_THAT([&] { validate(options, space); },
              testing::ThrowsMessage<ConfigError>(testing::HasSubstr(
                  "sampled_operations: expected 1 to 2, the operations per edge of space s2")));
  options = {};
  options.temperature_end = 0.0;
  EXPECT_THROW(validate(options, space), ConfigError);
  options = {};
  options.stretch_low = 0.1;
  EXPECT_THROW(validate(options, space), ConfigError);
}

}  // namespace
}  // namespace sanas
