// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/cell_frame.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>
#include <vector>

#include "support/device.h"

namespace sanas {
namespace {

/// "a,b>c" for each cell: channels of the two inputs and of the nodes, with R for a reduction cell
/// and r for one that follows on a reduction.
std::string walk_text(NetworkKind kind, int64_t stem_channels, int64_t channels, int64_t cells) {
  torch::nn::Module network;
  const Stem stem(network, kind, stem_channels);
  std::string text;
  CellWalk walk(stem, channels, cells);
  for (; !walk.finished(); walk.step(4 * walk.place().channels)) {
    const CellPlace& place = walk.place();
    text += (text.empty() ? "" : " ") + std::to_string(place.before_previous_channels) + "," +
            std::to_string(place.previous_channels) + ">" + std::to_string(place.channels) +
            (place.reduction ? "R" : "") + (place.previous_reduction ? "r" : "");
  }
  EXPECT_EQ(walk.output_channels(), 4 * walk.place().channels);
  return text;
}

// darts-family §2.1: C 16, 8 cells of 4 nodes, stem of 3C; reductions in cells 2 and 5.
TEST(CellWalk, IsThatOfTheDartsSearchNetwork) {
  EXPECT_EQ(walk_text(NetworkKind::kCifar, 48, 16, 8),
            "48,48>16 48,64>16 64,64>32R 64,128>32r 128,128>32 128,128>64R 128,256>64r 256,256>64");
}

// darts-family §5.3: the first cell halves what comes from the first stem.
TEST(CellWalk, BeginsForImageNetAsAfterAReduction) {
  EXPECT_EQ(walk_text(NetworkKind::kImageNet, 48, 48, 3), "48,48>48r 48,192>96R 192,384>192Rr");
}

/// A cell of which only the width matters.
class WidthOnly : public torch::nn::Module {
 public:
  explicit WidthOnly(int64_t channels) : channels_(channels) {}
  int64_t output_channels() const { return channels_; }

 private:
  int64_t channels_;
};

TEST(CellFrame, GivesEachCellTheOutputsOfTheTwoBeforeIt) {
  torch::nn::Module network;
  std::vector<int64_t> widths;
  CellFrame<WidthOnly> frame(network, {NetworkKind::kCifar, 6, 2, 3, KernelChoice::kComposed},
                             [&](const CellPlace& place) {
                               widths.push_back(place.channels);
                               return std::make_shared<WidthOnly>(place.channels);
                             });
  frame.add_classifier(network, 5);
  network.to(test_device());
  EXPECT_EQ(widths, (std::vector<int64_t>{2, 4, 8}));
  EXPECT_EQ(frame.output_channels(), 8);
  EXPECT_EQ(network.named_parameters().keys(),
            (std::vector<std::string>{"stem.0.weight", "stem.1.weight", "stem.1.bias",
                                      "classifier.weight", "classifier.bias"}));
  const auto x = torch::rand({2, 3, 4, 4}, test_device());
  torch::Tensor stem;
  const auto y = frame.features(x, [&]<typename State>(size_t index, State s0, State s1) {
    if constexpr (std::is_same_v<State, torch::Tensor>) {
      if (index == 0) {
        stem = s0;
      }
      return s0 + 10 * s1;  // 11, 111 = 1 + 110, 1121 = 11 + 1110 times the stem's output
    } else {
      ADD_FAILURE() << "on fused kernels";
      return s1;
    }
  });
  EXPECT_TRUE(torch::allclose(y, 1121 * stem, 1e-5));
  const auto features = torch::rand({2, 8, 3, 3}, test_device());
  EXPECT_EQ(frame.classify(features).sizes(), (std::vector<int64_t>{2, 5}));
}

}  // namespace
}  // namespace sanas
