// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "saliency/row_unit.h"
#include "sanas/core/log.h"
#include "sanas/core/parameters.h"
#include "sanas/data/image_source.h"
#include "sanas/data/loader.h"
#include "sanas/saliency/explained_network.h"

namespace sanas {

/// Bytes of an image as a tensor 1×3×H×W in [0, 1].
/// @param type a floating-point type.
torch::Tensor pixels_of(const Image& image, torch::ScalarType type);

/// The images that can't be read: each is named in the log once and left out, or ends everything.
class UnreadableImages {
 public:
  /// `log` has to outlive this.
  UnreadableImages(BadSample policy, Log& log);

  /// @param what the DataError's message, which names the image. Throws it again for
  ///        BadSample::kFail.
  void add(int64_t index, const std::string& what);

  /// Why, by index in the source.
  const std::map<int64_t, std::string>& all() const { return reasons_; }

 private:
  BadSample policy_;
  std::function<void(const std::string&)> say_;
  std::map<int64_t, std::string> reasons_;
};

/// Some images as they are, and as a network sees them.
struct ImageBatch {
  /// In the source.
  std::vector<int64_t> indices;
  std::vector<Image> originals;
  std::vector<ImageGeometry> geometries;
  /// −1 where unknown.
  std::vector<int64_t> labels;
  /// N×3×H×W in [0, 1]. N is a multiple of kRowUnit: the last image is repeated.
  torch::Tensor pixels;
};

/// Reads images in batches that fit into a memory limit, prepared as for a test of the network.
class ImageBatches {
 public:
  /// @param limit bytes, about, that a batch may take with what a network keeps of it for a
  ///        backward pass.
  ImageBatches(const ImageSource& images, const ExplainedModule& explained,
               const torch::Device& device, torch::ScalarType type, int64_t limit,
               UnreadableImages& unreadable);

  /// Whether `batch` was filled with the next images that can be read. Throws Interrupted once a
  /// signal asks to stop.
  bool next(ImageBatch& batch);

  /// Images that were looked at so far, or could not be read.
  int64_t position() const { return position_; }

 private:
  /// The image at position_; false where it can't be read.
  bool add_next(ImageBatch& batch, TensorList& rows);

  const ImageSource& images_;
  const ExplainedModule& explained_;
  torch::Device device_;
  torch::ScalarType type_;
  int64_t limit_;
  UnreadableImages& unreadable_;
  int64_t row_bytes_;
  int64_t position_ = 0;
};

}  // namespace sanas
