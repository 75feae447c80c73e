// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/saliency_map.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "sanas/core/parameters.h"
#include "support/device.h"

namespace sanas {
namespace {

/// Four images of 3×5×5 and a classifier with a smooth hidden layer.
class PgdSaliency : public testing::Test {
 protected:
  PgdSaliency() {
    torch::manual_seed(3);
    const auto options = torch::TensorOptions(torch::kDouble).device(test_device());
    images_ = 0.2 + 0.6 * torch::rand({4, 3, 5, 5}, options);
    hidden_ = torch::randn({8, 75}, options);
    output_ = torch::randn({6, 8}, options);
    labels_ = torch::tensor({0, 1, 2, 3}, torch::kInt64).to(test_device());
    classifier_ = [this](const torch::Tensor& x) {
      return x.flatten(1).mm(hidden_.t()).tanh().mm(output_.t());
    };
  }

  torch::Tensor map(const AttackOptions& options, uint64_t seed = 1) const {
    return pgd_saliency(classifier_, images_, labels_, options, seed);
  }

  torch::Tensor images_, hidden_, output_, labels_;
  Classifier classifier_;
};

TEST_F(PgdSaliency, StaysInTheBallAndIsMostlySaturated) {
  const AttackOptions options;
  const auto delta = map(options);
  EXPECT_LE(delta.max().item<double>(), options.epsilon + 1e-12);
  EXPECT_GT((delta > 0.99 * options.epsilon).to(torch::kDouble).mean().item<double>(), 0.5)
      << "seven steps of 2/255 reach beyond 8/255 (method §4.4)";
}

TEST_F(PgdSaliency, OneStepIsProportionalToTheGradientAtItsStart) {
  AttackOptions options;
  options.steps = 0;
  options.loss = AttackLoss::kLabel;
  options.random_start = false;
  const auto x = images_.clone().requires_grad_(true);
  const auto gradient = gradients_of(attack_loss(classifier_(x), labels_), {x})[0];
  EXPECT_TRUE(torch::allclose(map(options), options.delta_step_size * gradient.abs(), 1e-12, 0.0));
}

TEST_F(PgdSaliency, OneStepDoesNotShowTheRandomStart) {
  AttackOptions options;
  options.steps = 0;
  options.loss = AttackLoss::kLabel;
  const auto one = map(options, 1).flatten();
  const auto other = map(options, 2).flatten();
  EXPECT_FALSE(one.equal(other));
  const auto correlation = torch::corrcoef(torch::stack({one, other}))[0][1].item<double>();
  EXPECT_GT(correlation, 0.9);
}

TEST_F(PgdSaliency, DoesNotDependOnTheBatch) {
  const auto together = map({});
  for (int64_t i = 0; i < images_.size(0); ++i) {
    const auto alone = pgd_saliency(classifier_, images_.narrow(0, i, 1), labels_.narrow(0, i, 1),
                                    AttackOptions{}, 1);
    EXPECT_TRUE(torch::allclose(alone[0], together[i], 1e-12, 1e-15));
  }
}

TEST(ReduceColor, TakesMaximumMeanOrLengthOverTheChannels) {
  const auto values = torch::tensor({3.0, 0.0, 4.0}, torch::kDouble).view({1, 3, 1, 1});
  EXPECT_DOUBLE_EQ(reduce_color(values, ColorReduction::kMax).item<double>(), 4.0);
  EXPECT_DOUBLE_EQ(reduce_color(values, ColorReduction::kMean).item<double>(), 7.0 / 3.0);
  EXPECT_DOUBLE_EQ(reduce_color(values, ColorReduction::kL2).item<double>(), 5.0);
}

TEST(ScaleForDisplay, ClipsAtThePercentiles) {
  const auto map = torch::arange(101, torch::kDouble).view({1, 101});
  const auto scaled = scale_for_display(map, 10.0, 90.0);
  EXPECT_NEAR(scaled[0][10].item<double>(), 0.0, 1e-12);
  EXPECT_NEAR(scaled[0][50].item<double>(), 0.5, 1e-12);
  EXPECT_NEAR(scaled[0][100].item<double>(), 1.0, 1e-12);
  EXPECT_EQ(scale_for_display(torch::full({2, 2}, 3.0)).abs().sum().item<double>(), 0.0);
}

/// What a picture of 8×20 with `left` columns cut off is to a network that sees 4×4.
ImageGeometry a_window(int64_t left) {
  return ImageGeometry::of(8, 20).resized(4, 10).window(0, left, 4, 4);
}

TEST(MapOnPicture, IsTheRampThatTheNetworkSees) {
  // By the position in the picture; between the centres of pixels a ramp stays one.
  const auto geometry = a_window(3);
  auto map = torch::empty({4, 4}, torch::kDouble);
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t j = 0; j < 4; ++j) {
      map[i][j] = 10 * geometry.rows.to_picture(static_cast<double>(i) + 0.5) +
                  geometry.columns.to_picture(static_cast<double>(j) + 0.5);
    }
  }
  const auto laid = map_on_picture(map, geometry);
  ASSERT_EQ(laid.sizes(), (std::vector<int64_t>{8, 20}));
  const auto seen = seen_pixels(geometry);
  EXPECT_EQ(seen.sum().item<int64_t>(), 8 * 8);
  for (int64_t y = 0; y < 8; ++y) {
    for (int64_t x = 0; x < 20; ++x) {
      const bool is_seen = x >= 6 && x < 14;
      ASSERT_EQ(seen[y][x].item<bool>(), is_seen);
      // Half a pixel of the network from its edge a map goes on as it ends.
      const double row = std::clamp(static_cast<double>(y) + 0.5, 1.0, 7.0);
      const double column = std::clamp(static_cast<double>(x) + 0.5, 7.0, 13.0);
      ASSERT_NEAR(laid[y][x].item<double>(), is_seen ? 10 * row + column : 0.0, 1e-12);
    }
  }
}

TEST(MapOnPicture, OfAWholePictureIsABilinearEnlargement) {
  const auto map = torch::rand({5, 7}, torch::kDouble);
  const auto laid = map_on_picture(map, ImageGeometry::of(13, 24).resized(5, 7));
  const auto expected = torch::nn::functional::interpolate(
      map.view({1, 1, 5, 7}), torch::nn::functional::InterpolateFuncOptions()
                                  .size(std::vector<int64_t>{13, 24})
                                  .mode(torch::kBilinear)
                                  .align_corners(false));
  EXPECT_TRUE(torch::allclose(laid, expected.view({13, 24}), 0.0, 1e-12));
}

TEST(ScaleForDisplay, PercentilesAreThoseOfTorchAndOfWhatIsSeen) {
  const auto map = torch::rand({31, 17}, torch::kDouble);
  for (const auto& [low, high] :
       {std::pair{0.0, 100.0}, std::pair{1.0, 99.0}, std::pair{12.5, 50.1}}) {
    const double bottom = torch::quantile(map, low / 100).item<double>();
    const double top = torch::quantile(map, high / 100).item<double>();
    const auto expected = ((map - bottom) / (top - bottom)).clamp(0.0, 1.0);
    EXPECT_TRUE(torch::allclose(scale_for_display(map, low, high), expected, 0.0, 1e-12));
    // What is not seen has no part in it.
    const auto wider = torch::cat({map, torch::full({31, 5}, 9.0, torch::kDouble)}, 1);
    auto seen = torch::zeros({31, 22}, torch::kBool);
    seen.narrow(1, 0, 17).fill_(true);
    const auto scaled = scale_for_display(wider, low, high, seen).narrow(1, 0, 17);
    EXPECT_TRUE(torch::allclose(scaled, expected, 0.0, 1e-12));
  }
}

TEST(ScaleForDisplay, TakesAPhotographOfTwentyMegapixels) {
  const auto map = torch::arange(4096 * 4100, torch::kDouble).view({4096, 4100});
  EXPECT_NEAR(scale_for_display(map, 10.0, 90.0).mean().item<double>(), 0.5, 1e-6);
}

}  // namespace
}  // namespace sanas
