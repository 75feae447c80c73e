// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "search_support.h"

namespace sanas {
namespace {

/// A choice with a plan of stages that fits small spaces.
SupernetChoice fitting_choice(const std::string& family, const std::string& space) {
  auto choice = choice_of(family, space);
  if (space != "darts") {
    choice.pdarts.kept_operations = {1};
    choice.pdarts.added_cells = choice.pdarts.added_channels = {0};
    choice.pdarts.skip_dropout = {0.3};
  }
  return choice;
}

TEST(SupernetFactory, HasAllFamilies) {
  EXPECT_THAT(supernet_family_names(),
              testing::IsSupersetOf({"darts", "pcdarts", "pdarts", "prdarts"}));
  EXPECT_THAT([] { make_search_space(choice_of("drats")); },
              testing::ThrowsMessage<ConfigError>(testing::HasSubstr("'drats' is not available")));
}

TEST(SupernetFactory, EveryFamilySearchesEverySpace) {
  for (const auto& family : supernet_family_names()) {
    for (const char* space : {"darts", "s1", "s2", "s3", "s4"}) {
      const auto net = small_supernet(fitting_choice(family, space));
      const auto loss = loss_of(*net, golden_training_batch());
      const auto regularization = net->regularization(net->sample_architecture());
      const auto gradients = gradients_of(regularization.defined() ? loss + regularization : loss,
                                          net->architecture().tensors());
      EXPECT_TRUE(all_finite(gradients)) << family << " " << space;
      EXPECT_GT(norm(gradients), 0.0) << family << " " << space;
      EXPECT_NO_THROW(validate(net->derive())) << family << " " << space;
      EXPECT_GE(net->margin(), 0.0) << family << " " << space;
    }
  }
}

TEST(SupernetFactory, OnlyPcdartsHasBetas) {
  for (const auto& family : supernet_family_names()) {
    EXPECT_EQ(make_architecture(choice_of(family), 1e-3)->has_betas(), family == "pcdarts");
  }
}

TEST(SupernetFactory, PrdartsGetsItsOwnColumnOrder) {
  EXPECT_EQ(make_search_space(choice_of("prdarts")).normal[0], edges_of("03456721")[0]);
  EXPECT_EQ(make_search_space(choice_of("pdarts")).normal[0], edges_of("01234567")[0]);
}

TEST(SupernetFactory, BuildsOnAGivenSpace) {
  const auto choice = choice_of("darts");
  SearchSpace space = make_search_space("darts", 4);
  for (auto* cell : {&space.normal, &space.reduce}) {
    for (auto& edge : *cell) {
      edge.resize(3);
    }
  }
  const auto net = make_supernet(choice, space, make_architecture(choice, space, 1e-3));
  EXPECT_EQ(net->architecture().alphas(false).size(1), 3);
  EXPECT_EQ(net->space(), space);
}

TEST(SupernetFactory, ImpossibleSizesAreRefused) {
  const auto message = [](auto change) -> std::string {
    auto choice = choice_of("darts", "s2");
    change(choice.options);
    try {
      make_supernet(choice, make_architecture(choice, 1e-3));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message([](auto& o) { o.channels = 0; }), "supernet.channels = 0: expected at least 1");
  EXPECT_EQ(message([](auto& o) { o.cells = 0; }), "supernet.cells = 0: expected at least 1");
  EXPECT_EQ(message([](auto& o) { o.classes = 0; }), "supernet.classes = 0: expected at least 1");
  EXPECT_EQ(message([](auto& o) {
              o.kind = NetworkKind::kImageNet;
              o.channels = 5;
            }),
            "supernet.channels = 5: expected an even number for ImageNet-sized images");
}

TEST(SupernetFactory, OddFeatureMapsAreAnErrorUnlessPadded) {
  const auto x = input_pattern({2, 3, 18, 18}).to(test_device());  // 18 → 9 → 5
  for (const auto& family : supernet_family_names()) {
    auto choice = choice_of(family);
    if (family != "prdarts") {  // which always pads
      EXPECT_THROW(small_supernet(choice)->forward(x), DataError) << family;
    }
    choice.options.odd_size = OddSize::kPad;
    for (const auto variant :
         {ZeroVariant::kSkipped, ZeroVariant::kMultiply, ZeroVariant::kConstant}) {
      choice.options.zero = variant;
      const auto logits = small_supernet(choice)->forward(x);
      EXPECT_EQ(logits.size(1), 10) << family;
      EXPECT_TRUE(torch::isfinite(logits).all().item<bool>()) << family;
    }
  }
}

TEST(SupernetFactory, HistoricalInitializationIgnoresGroups) {
  auto choice = choice_of("darts", "s2");
  const auto largest = [&](Initialization policy) {
    choice.options.initialization = policy;
    const auto net = make_supernet(choice, make_architecture(choice, 1e-3));
    return net->named_parameters()["cells.0._ops.0._ops.1.op.1.weight"].abs().max().item<double>();
  };
  // Depthwise 3×3 on 16 channels: bound 1/√(16·9) in 2018, 1/√9 today (darts-family §14).
  EXPECT_LE(largest(Initialization::k2018), 1.0 / 12.0);
  EXPECT_GT(largest(Initialization::kModern), 1.0 / 12.0);
}

TEST(SupernetFactory, ImageNetStemsFitEveryFamily) {
  for (const auto& family : supernet_family_names()) {
    auto choice = choice_of(family);
    choice.options.kind = NetworkKind::kImageNet;
    choice.options.odd_size = OddSize::kPad;
    const auto x = input_pattern({2, 3, 64, 64}).to(test_device());
    EXPECT_EQ(small_supernet(choice)->forward(x).size(1), 10) << family;
  }
}

TEST(SupernetFactory, TwoNetworksShareOneArchitecture) {
  auto choice = choice_of("pcdarts", "s2");
  const auto architecture = make_architecture(choice, 1e-3);
  const auto net1 = make_supernet(choice, architecture);
  const auto net2 = make_supernet(choice, architecture);
  EXPECT_EQ(&net1->architecture(), &net2->architecture());
  EXPECT_FALSE(net1->parameters()[0].is_same(net2->parameters()[0]));
}

}  // namespace
}  // namespace sanas
