// SPDX-License-Identifier: Apache-2.0
#include "saliency/image_batches.h"

#include "data/image_report.h"
#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/core/phase.h"
#include "sanas/core/signals.h"
#include "sanas/nn/cost.h"

namespace sanas {
namespace {

/// Of one image in a backward pass: what the forward pass keeps, and once more for gradients and
/// intermediate results.
int64_t bytes_per_row(const ExplainedModule& explained, const torch::Device& device,
                      torch::ScalarType type) {
  const auto image = torch::zeros({1, 3, explained.height(), explained.width()},
                                  torch::TensorOptions(device).dtype(type));
  const int64_t kept = count_activations([&] { explained.network.logits(image); });
  return 2 * kept * static_cast<int64_t>(c10::elementSize(type));
}

/// Of one image beside the network: itself, its heat map and overlay, and their copies.
int64_t bytes_of(const Image& image) { return 8 * static_cast<int64_t>(image.pixels.size()); }

}  // namespace

torch::Tensor pixels_of(const Image& image, torch::ScalarType type) {
  return torch::from_blob(const_cast<uint8_t*>(image.pixels.data()),
                          {1, image.height, image.width, int64_t{3}}, torch::kUInt8)
      .permute({0, 3, 1, 2})
      .to(type)
      .div(255.0);
}

UnreadableImages::UnreadableImages(BadSample policy, Log& log)
    : policy_(policy), say_(name_skipped_images(log)) {}

void UnreadableImages::add(int64_t index, const std::string& what) {
  if (policy_ == BadSample::kFail) {
    throw DataError(what);
  }
  if (reasons_.emplace(index, what).second) {
    say_(what);
  }
}

ImageBatches::ImageBatches(const ImageSource& images, const ExplainedModule& explained,
                           const torch::Device& device, torch::ScalarType type, int64_t limit,
                           UnreadableImages& unreadable)
    : images_(images),
      explained_(explained),
      device_(device),
      type_(type),
      limit_(limit),
      unreadable_(unreadable),
      row_bytes_(bytes_per_row(explained, device, type)) {}

bool ImageBatches::next(ImageBatch& batch) {
  constexpr int64_t kLargest = 64;
  batch = {};
  TensorList rows;
  int64_t used = 0;
  while (position_ < images_.size() && static_cast<int64_t>(rows.size()) < kLargest) {
    if (rows.size() % kRowUnit == 0 && !rows.empty() &&
        used + kRowUnit * (row_bytes_ + bytes_of(batch.originals.back())) > limit_) {
      break;
    }
    if (ScopedSignals::stop_requested()) {
      throw Interrupted();
    }
    if (add_next(batch, rows)) {
      used += row_bytes_ + bytes_of(batch.originals.back());
    }
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

bool ImageBatches::add_next(ImageBatch& batch, TensorList& rows) {
  try {
    Image image = images_.image(position_);
    const PreparedImage prepared = (*explained_.preparation)(image);
    rows.push_back(pixels_of(prepared.image, type_));
    batch.originals.push_back(std::move(image));
    batch.geometries.push_back(prepared.geometry);
  } catch (const DataError& error) {
    unreadable_.add(position_, error.what());
    return false;
  }
  batch.indices.push_back(position_);
  batch.labels.push_back(images_.label(position_).value_or(-1));
  return true;
}

}  // namespace sanas
