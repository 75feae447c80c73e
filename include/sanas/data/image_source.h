// SPDX-License-Identifier: Apache-2.0
#pragma once

// Images by number, from a file, a folder or a data set.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "sanas/core/log.h"
#include "sanas/data/dataset.h"
#include "sanas/data/image.h"

namespace sanas {

/// Images by number, wherever they come from.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual int64_t size() const = 0;
  /// Throws DataError, naming the image, where it can't be read.
  virtual Image image(int64_t index) const = 0;
  /// Name for files and messages; no two images of a source share one. UTF-8 without control
  /// characters and '/', of at most kLongestName bytes.
  virtual std::string name(int64_t index) const = 0;
  /// The file that it comes from; empty for a data set.
  virtual std::filesystem::path file(int64_t /*index*/) const { return {}; }
  /// The true class, where it is known.
  virtual std::optional<int64_t> label(int64_t /*index*/) const { return std::nullopt; }

  /// With an ending of ours behind it this is still a file's name in every common file system.
  static constexpr size_t kLongestName = 200;
};

/// @param description a file, a folder of images (find_image_files), or a data set by name with an
///        optional ":train" or ":test".
/// @param options where a data set's files are; its name and subset are not asked for.
/// @param count at most that many images, 0: all; drawn over the classes of a data set or the
///        subfolders of a folder: the first image of each, the second of each, and so on.
/// @param log is told what of a folder or data set is left out.
/// Throws DataError if there is nothing of the kind, or no image in a folder.
std::unique_ptr<ImageSource> open_images(const std::string& description,
                                         const DatasetOptions& options, int64_t count, Log& log);

}  // namespace sanas
