// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "sanas/data/image.h"
#include "sanas/io/config.h"

namespace sanas {

/// Images by number, wherever they come from.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual int64_t size() const = 0;
  virtual Image image(int64_t index) const = 0;
  /// Name for files and messages; no two images of a source share one.
  virtual std::string name(int64_t index) const = 0;
  /// The file that it comes from; empty for a data set.
  virtual std::filesystem::path file(int64_t /*index*/) const { return {}; }
  /// The true class, where it is known.
  virtual std::optional<int64_t> label(int64_t /*index*/) const { return std::nullopt; }
};

/// @param description a file, a folder of images, or a data set by name with an optional ":train"
/// or
///        ":test".
/// @param config where a data set's files are. Throws DataError if there is nothing of the kind, or
/// no image in a folder.
std::unique_ptr<ImageSource> open_images(const std::string& description, const Config& config);

}  // namespace sanas
