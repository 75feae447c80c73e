// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/subset.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "sanas/core/error.h"

namespace sanas {

SubsetDataset::SubsetDataset(std::unique_ptr<Dataset> base, std::vector<int64_t> indices)
    : base_(std::move(base)), indices_(std::move(indices)) {
  for (const int64_t index : indices_) {
    if (index < 0 || index >= base_->size()) {
      throw DataError("image " + std::to_string(index) + " is not in data set " +
                      base_->info().name + ", which has " + std::to_string(base_->size()));
    }
  }
}

Image SubsetDataset::image(int64_t index, int64_t short_side) const {
  return base_->image(indices_[static_cast<size_t>(index)], short_side);
}

int64_t SubsetDataset::label(int64_t index) const {
  return base_->label(indices_[static_cast<size_t>(index)]);
}

std::string SubsetDataset::sample_name(int64_t index) const {
  return base_->sample_name(indices_[static_cast<size_t>(index)]);
}

std::vector<int64_t> balanced_subset(const Dataset& dataset, int64_t count) {
  if (count < 1 || count > dataset.size()) {
    throw DataError("a subset of " + std::to_string(count) + " images of data set " +
                    dataset.info().name + " is not possible; it has " +
                    std::to_string(dataset.size()));
  }
  // By rank within the class first: everybody's first image, everybody's second, …
  std::vector<std::tuple<int64_t, int64_t, int64_t>> candidates;  // rank, label, index
  std::vector<int64_t> seen(dataset.info().classes.size(), 0);
  for (int64_t index = 0; index < dataset.size(); ++index) {
    const int64_t label = dataset.label(index);
    candidates.emplace_back(seen[static_cast<size_t>(label)]++, label, index);
  }
  std::nth_element(candidates.begin(), candidates.begin() + (count - 1), candidates.end());
  std::vector<int64_t> indices;
  for (auto it = candidates.begin(); it != candidates.begin() + count; ++it) {
    indices.push_back(std::get<2>(*it));
  }
  std::sort(indices.begin(), indices.end());
  return indices;
}

std::pair<std::vector<int64_t>, std::vector<int64_t>> split_train_validation(int64_t size,
                                                                             double train_portion) {
  const auto cut = static_cast<int64_t>(std::floor(train_portion * static_cast<double>(size)));
  if (!(train_portion > 0 && train_portion < 1) || cut < 1 || cut >= size) {
    throw ConfigError("train_portion " + std::to_string(train_portion) + " of " +
                      std::to_string(size) + " images leaves one part empty");
  }
  std::vector<int64_t> train(static_cast<size_t>(cut));
  std::vector<int64_t> validation(static_cast<size_t>(size - cut));
  std::iota(train.begin(), train.end(), 0);
  std::iota(validation.begin(), validation.end(), cut);
  return {std::move(train), std::move(validation)};
}

}  // namespace sanas
