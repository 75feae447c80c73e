// SPDX-License-Identifier: Apache-2.0
#pragma once

// The interface of a data set, and opening one by name.

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sanas/data/image.h"

namespace sanas {

/// Which part of a data set: the one to learn from or the one to report on.
enum class Split { kTrain, kTest };

/// "train" or "test".
std::string to_string(Split split);
/// The inverse of to_string. Throws ConfigError for any other text.
Split split_from_string(std::string_view text);

/// What a network has to know of a data set.
struct DatasetInfo {
  std::string name;
  std::vector<std::string> classes;  ///< the name of each label
  std::array<double, 3> mean{};      ///< per channel R, G, B, of pixels in [0, 1]
  std::array<double, 3> std{};       ///< likewise
  int64_t height = 0;                ///< in pixels; 0: images vary
  int64_t width = 0;
  std::string place;                 ///< folder or archive that it was read from
  std::vector<std::string> remarks;  ///< what else is good to know: parts that are missing, files
                                     ///< left out

  int64_t num_classes() const { return static_cast<int64_t>(classes.size()); }
};

/// A finite list of labelled images. All functions are const and may be called from several
/// threads.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual int64_t size() const = 0;

  /// Image `index` as H×W×3 RGB bytes (grey images are replicated), 0 <= index < size().
  /// `short_side` allows a reduced image where decoding it is cheaper: its shorter side is still at
  /// least that long. 0 asks for the full image. Throws DataError where it cannot be decoded.
  virtual Image image(int64_t index, int64_t short_side = 0) const = 0;

  /// Label of image `index`, 0 <= label < info().num_classes().
  virtual int64_t label(int64_t index) const = 0;

  /// What sample `index` is called in messages and list files, e.g. its path inside the data set.
  virtual std::string sample_name(int64_t index) const {
    return std::string("#").append(std::to_string(index));
  }

  /// Why image `index` can't be decoded, where that is known before it is tried; or empty.
  virtual std::string fault(int64_t /*index*/) const { return {}; }

  virtual const DatasetInfo& info() const = 0;
};

/// Where files are looked for unless somebody says where.
inline constexpr const char* kDefaultDataRoot = "data";

/// Which data set to open, and how.
struct DatasetOptions {
  std::string name;  ///< one of dataset_names()
  std::filesystem::path
      root;               ///< where the files are; docs/datasets.md lists the places tried in it
  int64_t subset = 0;     ///< keep that many images, balanced by class; 0: all
  bool pad_to_32 = true;  ///< Fashion-MNIST: 28×28 in a black frame of 32×32
};

/// The names that open_dataset knows, sorted.
std::vector<std::string> dataset_names();

/// Opens one part of the data set `options.name`.
/// Throws ConfigError for an unknown name or a negative subset, DataError for missing or damaged
/// files, a subset larger than the data, and for a class whose name is no UTF-8 or has control
/// characters.
std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options, Split split);

}  // namespace sanas
