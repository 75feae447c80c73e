// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "sanas/data/dataset.h"

namespace sanas {

/// Where Debian's package dataset-fashion-mnist puts the four files.
inline constexpr const char* kDebianFashionMnist = "/usr/share/datasets/fashion-mnist";

/// Fashion-MNIST: 60,000 and 10,000 grey images of 28×28 in IDX files, gzip or plain.
class FashionMnist : public Dataset {
 public:
  /// Reads {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] from `root` or the first folder of
  /// those in docs/datasets.md that has any of them; the package's is one where `root` is
  /// kDefaultDataRoot. With `pad_to_32` the images get a black frame of two pixels. Throws
  /// DataError where the files are missing, a header or a label is wrong, or the length is not what
  /// the header says.
  FashionMnist(const std::filesystem::path& root, Split split, bool pad_to_32);

  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  Image image(int64_t index, int64_t short_side = 0) const override;
  int64_t label(int64_t index) const override { return labels_[static_cast<size_t>(index)]; }
  const DatasetInfo& info() const override { return info_; }

 private:
  DatasetInfo info_;
  std::vector<uint8_t> pixels_;  // 28×28 bytes per image
  std::vector<uint8_t> labels_;
};

/// Reads an IDX file of unsigned bytes (gzip or plain): the header must be exactly `shape`, where a
/// negative extent accepts any count from 1 to 10,000,000. Returns the bytes after the header;
/// memory grows with what the file holds, not with what its header claims. Throws DataError where
/// it cannot be opened or header or length are wrong.
std::vector<uint8_t> read_idx(const std::filesystem::path& file, const std::vector<int64_t>& shape);

/// For the registry.
std::unique_ptr<Dataset> open_fashion_mnist(const DatasetOptions& options, Split split);

}  // namespace sanas
