// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/training_split.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "data/search_subset.h"
#include "data/subset.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/files/atomic_file.h"

namespace sanas {
namespace {

bool sorted_by_class(const Dataset& dataset) {
  for (int64_t i = 1; i < dataset.size(); ++i) {
    if (dataset.label(i) < dataset.label(i - 1)) {
      return false;
    }
  }
  return true;
}

SearchSubset draw_halves(const DataOptions& data, const Dataset& dataset) {
  if (data.validation_portion > 0.0) {
    return draw_search_subset(dataset,
                              {data.train_portion, data.validation_portion, data.split_seed});
  }
  if (sorted_by_class(dataset)) {
    return draw_search_subset(dataset,
                              {data.train_portion, 1.0 - data.train_portion, data.split_seed});
  }
  auto [train, validation] = split_train_validation(dataset.size(), data.train_portion);
  return {std::move(train), std::move(validation)};
}

SearchSubset halves(const DataOptions& options, const Dataset& dataset) {
  const auto& list = options.search_list;
  if (!list.empty() && std::filesystem::exists(list)) {
    return read_search_subset(list, dataset);
  }
  SearchSubset drawn = draw_halves(options, dataset);
  if (!list.empty()) {
    write_file_atomically(list, search_subset_text(dataset, drawn));
  }
  return drawn;
}

/// Moves a random `portion` of each class from `indices` to `taken`, at least one image unless the
/// class has but one.
void hold_out(std::vector<int64_t>& indices, double portion, uint64_t seed, const Dataset& dataset,
              std::vector<int64_t>& taken) {
  std::map<int64_t, std::vector<int64_t>> by_class;
  for (const int64_t index : indices) {
    by_class[dataset.label(index)].push_back(index);
  }
  std::vector<int64_t> chosen;
  for (auto& [label, members] : by_class) {
    const auto size = static_cast<int64_t>(members.size());
    const int64_t share = std::llround(portion * static_cast<double>(size));
    const int64_t count = std::clamp<int64_t>(share, size > 1 ? 1 : 0, size - 1);
    shuffle_front(members, static_cast<size_t>(count),
                  CounterRandom(seed, 0, static_cast<uint64_t>(label)));
    chosen.insert(chosen.end(), members.begin(), members.begin() + count);
  }
  std::sort(chosen.begin(), chosen.end());
  std::erase_if(indices, [&](int64_t index) {
    return std::binary_search(chosen.begin(), chosen.end(), index);
  });
  taken.insert(taken.end(), chosen.begin(), chosen.end());
}

}  // namespace

TrainingSplit split_training_set(const DataOptions& options, const Dataset& dataset) {
  auto [train, validation] = halves(options, dataset);
  TrainingSplit split{std::move(train), std::move(validation), {}};
  const double holdout = options.holdout;
  if (holdout > 0.0) {
    const uint64_t seed = options.split_seed;
    hold_out(split.train, holdout, derive_seed(seed, {0}), dataset, split.holdout);
    hold_out(split.validation, holdout, derive_seed(seed, {1}), dataset, split.holdout);
    std::sort(split.holdout.begin(), split.holdout.end());
    if (split.holdout.empty()) {
      throw ConfigError("dataset.holdout: no class of data set " + dataset.info().name +
                        " has two images in one part, so none can be held out");
    }
  }
  return split;
}

}  // namespace sanas
