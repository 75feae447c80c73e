// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/map_meter.h"

#include <gtest/gtest.h>

#include "support/stop_after.h"

namespace sanas {
namespace {

/// Measures eight maps that are the images themselves.
void measure(PhaseObserver& observer) {
  ExplainedNetwork network;
  network.logits = [](const torch::Tensor& x) { return x.flatten(1).narrow(1, 0, 3); };
  const MapMaker make = [](const ExplainedNetwork&, const SaliencyBatch& batch, uint64_t) {
    return batch.images.mean(1).to(torch::kDouble);
  };
  SaliencyMetricsOptions options;
  options.curve_steps = 3;
  options.noise_samples = 2;
  MapBatch batch;
  batch.names.assign(8, "image");
  const auto images = torch::linspace(0.0, 1.0, 8 * 3 * 16).view({8, 3, 4, 4});
  const auto classes = torch::zeros({8}, torch::kInt64);
  batch.batch = {images, classes, classes};
  batch.maps = images.mean(1).to(torch::kDouble);
  MapMeter({.name = "column", .network = network, .make = make, .seed = 1}, options, observer)
      .add(batch);
}

TEST(MapMeter, EndsBetweenTwoForwardPassesAndTwoMaps) {
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

}  // namespace
}  // namespace sanas
