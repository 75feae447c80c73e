// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "sanas/data/dataset.h"

namespace sanas {

/// CIFAR-10 or CIFAR-100 in the official binary layout: records of one (CIFAR-10) or two
/// (CIFAR-100: coarse, fine) label bytes and 3×32×32 planes R, G, B. CIFAR-100 is labelled with its
/// fine labels.
class Cifar : public Dataset {
 public:
  enum class Kind { kCifar10, kCifar100 };

  /// Reads the unpacked files, or the downloaded archive, from the first place of those in
  /// docs/datasets.md that has any file of the data set. Throws DataError where nothing is found
  /// (naming what was looked for), for a truncated file and for a label out of range (naming file
  /// and record).
  Cifar(Kind kind, const std::filesystem::path& root, Split split);

  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  Image image(int64_t index, int64_t short_side = 0) const override;
  int64_t label(int64_t index) const override { return labels_[static_cast<size_t>(index)]; }
  const DatasetInfo& info() const override { return info_; }

 private:
  void append_records(std::vector<uint8_t> content, const std::string& file);

  Kind kind_;
  DatasetInfo info_;
  std::vector<uint8_t> planes_;  // 3×32×32 bytes per image
  std::vector<uint8_t> labels_;
};

/// For the registry.
std::unique_ptr<Dataset> open_cifar10(const DatasetOptions& options, Split split);
std::unique_ptr<Dataset> open_cifar100(const DatasetOptions& options, Split split);

}  // namespace sanas
