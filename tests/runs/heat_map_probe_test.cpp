// SPDX-License-Identifier: Apache-2.0
#include "runs/heat_map_probe.h"

#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/supernet/factory.h"

namespace sanas {
namespace {

/// Twenty images of two classes, one after the other; the first can't be decoded.
class TwoClasses : public Dataset {
 public:
  TwoClasses() {
    info_.classes = {"dark", "light"};
    info_.height = info_.width = 16;
  }
  int64_t size() const override { return 20; }
  Image image(int64_t index, int64_t /*short_side*/) const override {
    if (index == 0) {
      throw DataError("damaged");
    }
    Image image(16, 16, 3);
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      image.pixels[i] = static_cast<uint8_t>((7 * i * static_cast<size_t>(index)) % 251);
    }
    return image;
  }
  int64_t label(int64_t index) const override { return index / 10; }
  const DatasetInfo& info() const override { return info_; }

 private:
  DatasetInfo info_;
};

TEST(HeatMapProbe, LeavesTheNetworkAndTheGeneratorsAsTheyAre) {
  Config config;
  config.supernet.options.channels = 4;
  config.supernet.options.cells = 3;
  const auto space = make_search_space(config.supernet);
  const auto architecture = make_architecture(config.supernet, space, 1e-3);
  const auto net = make_supernet(config.supernet, space, architecture);
  net->train();
  const HeatMapProbe probe(TwoClasses(), config, torch::kCPU);
  const auto buffers = clone(net->buffers());
  const auto weights = clone(net->parameters());
  const auto generator = at::globalContext().defaultGenerator(torch::kCPU);
  const auto state = generator.get_state();

  const auto sheet =
      probe.draw(*net, [&](const torch::Tensor& pixels) { return net->forward(pixels); });
  if (!sheet) {
    GTEST_SKIP() << "this build has no OpenCV";
  }
  EXPECT_EQ(sheet->png.substr(1, 3), "PNG");
  EXPECT_TRUE(torch::equal(generator.get_state(), state));
  EXPECT_TRUE(net->is_training());
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_TRUE(torch::equal(net->buffers()[i], buffers[i]));
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    EXPECT_TRUE(torch::equal(net->parameters()[i], weights[i]));
    EXPECT_FALSE(net->parameters()[i].grad().defined());
  }
  for (const auto& tensor : architecture->tensors()) {
    EXPECT_FALSE(tensor.grad().defined());
  }
  // The same network is drawn in the same way.
  const auto again =
      probe.draw(*net, [&](const torch::Tensor& pixels) { return net->forward(pixels); });
  EXPECT_EQ(again->png, sheet->png);
}

}  // namespace
}  // namespace sanas
