// SPDX-License-Identifier: Apache-2.0
#include "data/subset.h"

#include <algorithm>
#include <cmath>
#include <map>
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

std::string SubsetDataset::fault(int64_t index) const {
  return base_->fault(indices_[static_cast<size_t>(index)]);
}

std::vector<int64_t> balanced_subset(const Dataset& dataset, int64_t count) {
  if (count < 1 || count > dataset.size()) {
    throw DataError("a subset of " + std::to_string(count) + " images of data set " +
                    dataset.info().name + " is not possible; it has " +
                    std::to_string(dataset.size()));
  }
  std::vector<int64_t> all(static_cast<size_t>(dataset.size()));
  std::iota(all.begin(), all.end(), int64_t{0});
  return balanced_among(dataset, all, count);
}

std::vector<int64_t> balanced_among(const Dataset& dataset, const std::vector<int64_t>& indices,
                                    int64_t count) {
  std::vector<int64_t> labels;
  for (const int64_t index : indices) {
    labels.push_back(dataset.label(index));
  }
  std::vector<int64_t> chosen = balanced_positions(labels, count);
  for (int64_t& place : chosen) {
    place = indices[static_cast<size_t>(place)];
  }
  return chosen;
}

std::vector<int64_t> balanced_positions(const std::vector<int64_t>& labels, int64_t count) {
  // By rank within the class first: everybody's first image, everybody's second, …
  std::vector<std::tuple<int64_t, int64_t, int64_t>> candidates;  // rank, label, position
  std::map<int64_t, int64_t> seen;
  for (const int64_t label : labels) {
    candidates.emplace_back(seen[label]++, label, static_cast<int64_t>(candidates.size()));
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.resize(std::min(candidates.size(), static_cast<size_t>(std::max<int64_t>(0, count))));
  std::vector<int64_t> chosen;
  for (const auto& candidate : candidates) {
    chosen.push_back(std::get<2>(candidate));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
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
