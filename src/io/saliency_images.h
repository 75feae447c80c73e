// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sanas/io/explained_checkpoint.h"
#include "sanas/io/image_source.h"

namespace sanas {

/// The image at a network's size: 1×3×height×width in [0, 1].
/// @param type a floating-point type.
torch::Tensor pixels_of(const Image& image, int64_t height, int64_t width, torch::ScalarType type);

/// Some images as they are, and as a network sees them.
struct ImageBatch {
  int64_t first = 0;
  std::vector<Image> originals;
  /// −1 where unknown.
  std::vector<int64_t> labels;
  /// N×3×H×W in [0, 1]. N is a multiple of kRowUnit: the last image is repeated.
  torch::Tensor pixels;
};

/// Matrix products round the last few rows of an odd number of them differently, and the sign of a
/// vanishing gradient then depends on the batch. In multiples of this they don't.
constexpr int64_t kRowUnit = 8;

/// Reads images in batches that fit into a memory limit.
class ImageBatches {
 public:
  /// @param limit bytes, about, that a batch may take with what a network keeps of it for a
  ///        backward pass.
  ImageBatches(const ImageSource& images, int64_t count, const ExplainedCheckpoint& checkpoint,
               const torch::Device& device, torch::ScalarType type, int64_t limit);

  /// Whether `batch` was filled with the next images.
  bool next(ImageBatch& batch);

 private:
  const ImageSource& images_;
  int64_t count_;
  int64_t height_;
  int64_t width_;
  torch::Device device_;
  torch::ScalarType type_;
  int64_t limit_;
  int64_t row_bytes_;
  int64_t position_ = 0;
};

}  // namespace sanas
