// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/darts_supernet.h"

#include <gtest/gtest.h>
#include <torch/optim.h>

#include "sanas/nn/cost.h"
#include "search_support.h"

namespace sanas {
namespace {

/// The network of darts-family §13.2.
std::shared_ptr<DartsSupernet> golden_network(const SupernetOptions& options = golden_options()) {
  const auto space = make_search_space("darts");
  const auto architecture = architecture_of(space, {golden_alphas(false), golden_alphas(true)});
  return filled(std::make_shared<DartsSupernet>(space, architecture, options));
}

TEST(DartsSupernet, GoldenLogitsAndLoss) {
  const auto net = golden_network();
  const auto batch = golden_training_batch();
  const auto logits = net->forward(batch.images);
  expect_published(first_logits(logits, 10),
                   "0.1364607083 -0.4153125874 -0.7753179073 -0.7245931221 -0.2664845404 "
                   "0.3619602261 0.8151299577 0.8330339954 0.3932035423 -0.2698595778");
  expect_published({torch::nn::functional::cross_entropy(logits, batch.labels).item<double>()},
                   "2.536075127475");
}

TEST(DartsSupernet, GoldenFirstOrderGradient) {
  const auto net = golden_network();
  const auto alphas = net->architecture().tensors();
  const auto gradients = gradients_of(loss_of(*net, golden_validation_batch()), alphas);
  expect_published(chk_and_norm(gradients),
                   "-1.821850332426e-1 1.028253413563 4.999653230800e-3 4.115978711515e-1");
  const auto normal = elements(gradients[0]);
  expect_published({normal.front(), normal.back()}, "2.428587038375e-2 -9.131469746892e-2");

  torch::optim::Adam adam(alphas,
                          torch::optim::AdamOptions(3e-4).betas({0.5, 0.999}).weight_decay(1e-3));
  for (size_t i = 0; i < alphas.size(); ++i) {
    alphas[i].mutable_grad() = gradients[i];
  }
  adam.step();
  expect_published({chk(alphas[0]), chk(alphas[1])}, "6.037732179645e-2 1.532884217833e-1");
}

TEST(DartsSupernet, GoldenGenotype) {
  const auto genotype = golden_network()->derive();
  EXPECT_EQ(genotype.normal, cell_of("max@0 sep3@1 | avg@2 dil5@0 | sep5@0 max@1 | avg@1 sep5@2"));
  EXPECT_EQ(genotype.reduce,
            cell_of("skip@1 skip@0 | dil3@1 skip@0 | dil5@3 sep3@2 | sep5@3 avg@1"));
}

TEST(DartsSupernet, GoldenSize) {
  const auto net = golden_network();
  EXPECT_EQ(count_parameters(*net), 136182);
  EXPECT_EQ(net->parameters().size(), 889);
}

TEST(DartsSupernet, NoneChangesNothingInAnyVariant) {
  const auto reference = golden_network();
  const auto expected = gradients_of(loss_of(*reference, golden_training_batch()),
                                     reference->architecture().tensors());
  for (const auto variant : {ZeroVariant::kMultiply, ZeroVariant::kConstant}) {
    auto options = golden_options();
    options.zero = variant;
    const auto net = golden_network(options);
    const auto found =
        gradients_of(loss_of(*net, golden_training_batch()), net->architecture().tensors());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_LT((found[i] - expected[i]).abs().max().item<double>(), 1e-13);
    }
  }
}

TEST(DartsSupernet, WeightsDoNotContainTheArchitecture) {
  const auto net = golden_network();
  for (const auto& parameter : net->parameters()) {
    for (const auto& alphas : net->architecture().tensors()) {
      EXPECT_FALSE(parameter.is_same(alphas));
    }
  }
}

TEST(DartsSupernet, HasTheStateDictNamesOfTheOriginal) {
  const auto net = golden_network();
  const auto parameters = net->named_parameters();
  const auto buffers = net->named_buffers();
  for (const char* name :
       {"stem.0.weight", "stem.1.weight", "stem.1.bias", "cells.0.preprocess0.op.1.weight",
        "cells.1.preprocess1.op.1.weight", "cells.2.preprocess0.conv_1.weight",
        "cells.2.preprocess0.conv_2.weight", "cells.0._ops.13._ops.4.op.1.weight",
        "cells.0._ops.13._ops.4.op.6.weight", "cells.0._ops.0._ops.7.op.2.weight",
        "cells.1._ops.0._ops.3.conv_1.weight", "classifier.weight", "classifier.bias"}) {
    EXPECT_NE(parameters.find(name), nullptr) << name;
  }
  for (const char* name :
       {"stem.1.running_mean", "cells.0.preprocess0.op.2.running_var",
        "cells.2.preprocess0.bn.running_mean", "cells.0._ops.0._ops.1.1.running_mean",
        "cells.0._ops.0._ops.4.op.3.running_mean", "cells.0._ops.0._ops.4.op.7.running_mean",
        "cells.0._ops.0._ops.6.op.3.num_batches_tracked"}) {
    EXPECT_NE(buffers.find(name), nullptr) << name;
  }
  // Only the stem's batch norm has a scale.
  EXPECT_EQ(parameters.find("cells.0.preprocess0.op.2.weight"), nullptr);
  EXPECT_EQ(parameters.front().key(), "stem.0.weight");
  EXPECT_EQ(parameters.back().key(), "classifier.bias");
}

// darts-family §2.1 and §10; S5 there is the space of DARTS.
TEST(DartsSupernet, SizesAreThePublishedOnes) {
  const auto size = [](const std::string& space, int64_t classes) {
    auto choice = choice_of("darts", space);
    choice.options.classes = classes;
    return count_parameters(*make_supernet(choice, make_architecture(choice, 1e-3)));
  };
  EXPECT_EQ(size("darts", 10), 1930618);
  EXPECT_EQ(size("darts", 100), 1953748);
  EXPECT_EQ(size("s1", 10), 405146);
  EXPECT_EQ(size("s2", 10), 665466);
  EXPECT_EQ(size("s3", 10), 665466);
  EXPECT_EQ(size("s4", 10), 624506);
}

TEST(DartsSupernet, MultiplyAddsAreThePublishedOnes) {
  const auto choice = choice_of("darts");
  const auto net = make_supernet(choice, make_architecture(choice, 1e-3));
  const auto x = torch::zeros({1, 3, 32, 32});
  const auto macs = count_macs([&] { net->forward(x); });
  EXPECT_EQ((macs + 5000) / 10000, 30026);  // 300.26 million
}

}  // namespace
}  // namespace sanas
