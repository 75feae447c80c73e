// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "sanas/data/dataset.h"

namespace sanas {

/// Some images of another data set, in the order of the given indices.
class SubsetDataset : public Dataset {
 public:
  /// Throws DataError for an index outside of the base.
  SubsetDataset(std::unique_ptr<Dataset> base, std::vector<int64_t> indices);

  int64_t size() const override { return static_cast<int64_t>(indices_.size()); }
  Image image(int64_t index, int64_t short_side = 0) const override;
  int64_t label(int64_t index) const override;
  std::string sample_name(int64_t index) const override;
  std::string fault(int64_t index) const override;
  const DatasetInfo& info() const override { return base_->info(); }

 private:
  std::unique_ptr<Dataset> base_;
  std::vector<int64_t> indices_;
};

/// `count` indices of the data set in stored order, the first ones of each class, as balanced as
/// the data allows: the numbers of two classes differ by one at most unless a class has no more
/// images. Throws DataError where count is larger than the data or less than one.
std::vector<int64_t> balanced_subset(const Dataset& dataset, int64_t count);

/// The same among some images of the data set, which are given in stored order: all of them where
/// they are no more than `count`.
std::vector<int64_t> balanced_among(const Dataset& dataset, const std::vector<int64_t>& indices,
                                    int64_t count);

/// The same of any samples with these labels: their positions in rising order.
std::vector<int64_t> balanced_positions(const std::vector<int64_t>& labels, int64_t count);

/// Cuts 0, …, size-1 in stored order: the first floor(train_portion · size) indices and the others
/// (darts-family §4). Throws ConfigError unless 0 < train_portion < 1 and both parts get an image.
std::pair<std::vector<int64_t>, std::vector<int64_t>> split_train_validation(int64_t size,
                                                                             double train_portion);

}  // namespace sanas
