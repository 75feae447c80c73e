// SPDX-License-Identifier: Apache-2.0
#include "saliency_images.h"

#include "sanas/core/parameters.h"
#include "sanas/data/resize.h"
#include "sanas/nn/cost.h"

namespace sanas {
namespace {

/// Of one image in a backward pass: what the forward pass keeps, and once more for gradients and
/// intermediate results.
int64_t bytes_per_row(const ExplainedCheckpoint& checkpoint, const torch::Device& device,
                      torch::ScalarType type) {
  const auto image = torch::zeros({1, 3, checkpoint.height, checkpoint.width},
                                  torch::TensorOptions(device).dtype(type));
  const int64_t kept = count_activations([&] { checkpoint.network.logits(image); });
  return 2 * kept * static_cast<int64_t>(c10::elementSize(type));
}

/// Of one image beside the network: itself, its heat map and overlay, and their copies.
int64_t bytes_of(const Image& image) { return 8 * static_cast<int64_t>(image.pixels.size()); }

}  // namespace

torch::Tensor pixels_of(const Image& image, int64_t height, int64_t width, torch::ScalarType type) {
  const bool fits = image.height == height && image.width == width;
  const Image fitted =
      fits ? image : resize_bilinear(image, static_cast<int>(height), static_cast<int>(width));
  return torch::from_blob(const_cast<uint8_t*>(fitted.pixels.data()),
                          {1, height, width, int64_t{3}}, torch::kUInt8)
      .permute({0, 3, 1, 2})
      .to(type)
      .div(255.0);
}

ImageBatches::ImageBatches(const ImageSource& images, int64_t count,
                           const ExplainedCheckpoint& checkpoint, const torch::Device& device,
                           torch::ScalarType type, int64_t limit)
    : images_(images),
      count_(count),
      height_(checkpoint.height),
      width_(checkpoint.width),
      device_(device),
      type_(type),
      limit_(limit),
      row_bytes_(bytes_per_row(checkpoint, device, type)) {}

bool ImageBatches::next(ImageBatch& batch) {
  constexpr int64_t kLargest = 64;
  batch = {.first = position_, .originals = {}, .labels = {}, .pixels = {}};
  TensorList rows;
  int64_t used = 0;
  while (position_ < count_ && static_cast<int64_t>(rows.size()) < kLargest) {
    if (rows.size() % kRowUnit == 0 && !rows.empty() &&
        used + kRowUnit * (row_bytes_ + bytes_of(batch.originals.back())) > limit_) {
      break;
    }
    batch.originals.push_back(images_.image(position_));
    batch.labels.push_back(images_.label(position_).value_or(-1));
    rows.push_back(pixels_of(batch.originals.back(), height_, width_, type_));
    used += row_bytes_ + bytes_of(batch.originals.back());
    ++position_;
  }
  if (rows.empty()) {
    return false;
  }
  while (rows.size() % kRowUnit != 0) {
    rows.push_back(rows.back());
  }
  batch.pixels = torch::cat(rows).to(device_);
  return true;
}

}  // namespace sanas
