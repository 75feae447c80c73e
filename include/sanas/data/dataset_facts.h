// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is known of a data set before its files are opened: classes, image size, mean and deviation.

#include <array>
#include <cstdint>
#include <string>

namespace sanas {

/// What is known of a data set before its files are opened.
struct DatasetFacts {
  /// 0: depends on the files.
  int64_t classes = 0;
  /// Height and width of the images as networks see them, in pixels.
  int64_t image_size = 0;
  /// Per channel R, G, B, of pixels in [0, 1] (darts-family §4, §5.5, §5.6).
  std::array<double, 3> mean{};
  std::array<double, 3> std{};
};

struct DatasetOptions;

/// Black pixels that a data set, opened with these options, puts around each of its pictures.
int64_t frame_of(const DatasetOptions& options);

/// Throws ConfigError for a name that open_dataset does not know.
const DatasetFacts& dataset_facts(const std::string& name);

}  // namespace sanas
