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

  int64_t size() const override { return static_cast<int64_t>(records_.size()) / record_bytes(); }
  Image image(int64_t index, int64_t short_side = 0) const override;
  int64_t label(int64_t index) const override { return record(index)[label_bytes_ - 1]; }
  const DatasetInfo& info() const override { return info_; }

 private:
  int64_t record_bytes() const;
  const uint8_t* record(int64_t index) const { return records_.data() + index * record_bytes(); }
  void check_records(const std::vector<uint8_t>& content, const std::string& file) const;

  DatasetInfo info_;
  int64_t label_bytes_ = 1;       // the last of them is the label
  std::vector<uint8_t> records_;  // as in the files: read once and not copied
};

/// For the registry.
std::unique_ptr<Dataset> open_cifar10(const DatasetOptions& options, Split split);
std::unique_ptr<Dataset> open_cifar100(const DatasetOptions& options, Split split);

}  // namespace sanas
