// SPDX-License-Identifier: Apache-2.0
#include "runs/saliency/explained_image.h"

#include <gtest/gtest.h>

namespace sanas {
namespace {

ExplainedImage a_cat() {
  ExplainedImage image;
  image.name = "00007";
  image.predicted = "cat";
  image.probability = 0.928;
  image.target = "cat";
  image.map = torch::tensor({{0.25, 1.5}, {0.5, 0.0}}, torch::kDouble);
  image.geometry = {.picture_height = 40, .picture_width = 30};
  return image;
}

std::vector<std::string> keys(const JsonRecord& record) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : record) {
    keys.push_back(key);
  }
  return keys;
}

TEST(ExplainedImage, CaptionSaysWhetherTheNetworkIsRight) {
  auto image = a_cat();
  EXPECT_EQ(image.caption(), "cat 0.93");
  image.label = "cat";
  image.is_right = true;
  EXPECT_EQ(image.caption(), "cat 0.93 (right)");
  image.label = "dog";
  image.is_right = false;
  EXPECT_EQ(image.caption(), "cat 0.93 (true: dog)");
}

TEST(ExplainedImage, RecordLeavesOutWhatIsNotKnown) {
  auto image = a_cat();
  const std::vector<std::string> always{"image",     "predicted",  "probability",  "target",
                                        "map_low",   "map_high",   "image_height", "image_width",
                                        "seen_top",  "seen_left",  "seen_height",  "seen_width",
                                        "row_scale", "row_offset", "column_scale", "column_offset"};
  EXPECT_EQ(keys(image.record()), always);
  EXPECT_EQ(std::get<double>(image.record()[4].second), 0.0);
  EXPECT_EQ(std::get<double>(image.record()[5].second), 1.5);
  image.file = "photos/cat.png";
  image.label = "cat";
  image.completeness_error = 0.5;
  auto all = always;
  all.insert(all.begin() + 1, "file");
  all.insert(all.begin() + 4, "label");
  all.emplace_back("completeness_error");
  EXPECT_EQ(keys(image.record()), all);
}

}  // namespace
}  // namespace sanas
