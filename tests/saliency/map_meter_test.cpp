// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/map_meter.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include <cmath>

#include "support/stop_after.h"

namespace sanas {
namespace {

/// Logits that are the first pixels. Maps are the images themselves, upside down for another seed.
ExplainedNetwork first_pixels() {
  ExplainedNetwork network;
  network.logits = [](const torch::Tensor& x) { return x.flatten(1).narrow(1, 0, 3); };
  return network;
}

torch::Tensor maps_of(const torch::Tensor& images) { return images.mean(1).to(torch::kDouble); }

MapMaker image_maps() {
  return [](const ExplainedNetwork&, const SaliencyBatch& batch, uint64_t seed) {
    const auto maps = maps_of(batch.images);
    return seed == 1 ? maps : maps.max() - maps;
  };
}

/// Images first … first + count − 1 of eight.
MapBatch images(int64_t first, int64_t count) {
  MapBatch batch;
  batch.first = first;
  batch.names.assign(static_cast<size_t>(count), "image");
  torch::manual_seed(6);
  const auto pixels = torch::rand({8, 3, 4, 4}, torch::kDouble).narrow(0, first, count);
  const auto classes = torch::zeros({count}, torch::kInt64);
  batch.batch = {pixels, classes, classes};
  batch.maps = maps_of(pixels);
  return batch;
}

/// What is measured of these batches.
ColumnScores scores_of(const std::vector<MapBatch>& batches, int64_t noise_samples = 2) {
  const auto network = first_pixels();
  MeasuredColumn column{.name = "column", .network = network, .make = image_maps(), .seed = 1};
  const auto load = [] {
    return ExplainedModule{torch::nn::Linear(1, 1).ptr(), first_pixels(), nullptr};
  };
  column.load = load;
  column.load_fresh = [=](uint64_t) { return load(); };
  column.others = {{"twin", load}};
  MapMeter meter(column, {.curve_steps = 15, .checked_images = 5, .noise_samples = noise_samples});
  for (const auto& batch : batches) {
    meter.add(batch);
  }
  return meter.finish();
}

std::vector<double> values(const ColumnScores& scores, const std::string& name) {
  for (const auto& metric : scores.metrics) {
    if (metric.name == name) {
      return metric.values;
    }
  }
  ADD_FAILURE() << "no " << name;
  return {};
}

TEST(MapMeter, EndsBetweenTwoForwardPassesAndTwoMaps) {
  const auto network = first_pixels();
  const auto measure = [&](PhaseObserver& observer) {
    MapMeter({.name = "column", .network = network, .make = image_maps(), .seed = 1},
             {.curve_steps = 3, .noise_samples = 2}, observer)
        .add(images(0, 8));
  };
  for (const auto& [phase, parts] : {std::pair{"curves", 0}, {"curves", 7}, {"stability", 2}}) {
    StopAfter<> stop(phase, parts);
    EXPECT_THROW(measure(stop), Interrupted) << phase;
    EXPECT_EQ(stop.reports.back().done, parts);
  }
  StopAfter<> all("nothing", 0);
  measure(all);
  ASSERT_EQ(all.reports.size(), 9U + 4U);
  EXPECT_EQ(all.reports[8].total, 2 * (3 + 1));  // deletion and insertion, with what is untouched
  EXPECT_EQ(all.reports[12].done, 1 + 2);        // another seed, and each noise
}

TEST(MapMeter, ChecksTheFirstImagesOnly) {
  const auto scores = scores_of({images(0, 8)});
  EXPECT_EQ(scores.images.size(), 8U);
  for (const char* name : {"seed_agreement", "noise_sensitivity", "twin_rank_correlation"}) {
    const auto all = values(scores, name);
    ASSERT_EQ(all.size(), 8U) << name;
    for (size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(std::isnan(all[i]), i >= 5) << name << ' ' << i;
    }
  }
  EXPECT_EQ(values(scores, "deletion_area").size(), 8U);
  ASSERT_EQ(scores.randomization.size(), 2U);  // "bias" and "weight"
  EXPECT_EQ(scores.randomization[0].rank_correlation.size(), 5U);
}

TEST(MapMeter, ComparesWithWhatItNames) {
  const auto scores = scores_of({images(0, 8)});
  // A map upside down has its ranks upside down; a network of the same maps is a twin.
  EXPECT_NEAR(values(scores, "seed_agreement")[0], -1.0, 1e-12);
  EXPECT_NEAR(values(scores, "twin_rank_correlation")[4], 1.0, 1e-12);
  EXPECT_NEAR(values(scores, "twin_ssim")[4], 1.0, 1e-12);
}

TEST(MapMeter, SensitivityIsTheLargestOfAllNoises) {
  double before = 0.0;
  double first = 0.0;
  for (int64_t samples = 1; samples <= 6; ++samples) {
    const double largest = values(scores_of({images(0, 8)}, samples), "noise_sensitivity")[0];
    EXPECT_GE(largest, before) << samples;
    before = largest;
    first = samples == 1 ? largest : first;
  }
  EXPECT_GT(before, first);
}

TEST(MapMeter, BatchesChangeNoBit) {
  const auto whole = scores_of({images(0, 8)});
  const auto parts = scores_of({images(0, 3), images(3, 4), images(7, 1)});
  EXPECT_EQ(whole.deletion_curve, parts.deletion_curve);
  EXPECT_EQ(whole.insertion_curve, parts.insertion_curve);
  for (const char* name : {"deletion_area", "insertion_area"}) {
    EXPECT_EQ(values(whole, name), values(parts, name)) << name;
  }
  const auto agreements = values(parts, "seed_agreement");
  ASSERT_EQ(agreements.size(), 8U);
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(std::isnan(agreements[i]), i >= 5) << "the first of all batches, not of each: " << i;
  }
  ASSERT_EQ(whole.deletion_curve.size(), 16U);
  // Deleted, all pixels have the mean colour and every class a third.
  EXPECT_NEAR(whole.deletion_curve[15], 1.0 / 3.0, 1e-6);
  EXPECT_NEAR(whole.insertion_curve[0], 1.0 / 3.0, 1e-6);
}

}  // namespace
}  // namespace sanas
