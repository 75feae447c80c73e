// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/dataset.h"

#include "core/utf8.h"
#include "data/cifar.h"
#include "data/dataset_reading.h"
#include "data/fashion_mnist.h"
#include "data/image_folder.h"
#include "data/subset.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

struct Registration {
  const char* name;
  std::unique_ptr<Dataset> (*open)(const DatasetOptions& options, Split split,
                                   PhaseObserver& observer);
};

/// Of a data set whose few files are read in a moment.
template <std::unique_ptr<Dataset> (*open)(const DatasetOptions&, Split)>
std::unique_ptr<Dataset> at_once(const DatasetOptions& options, Split split,
                                 PhaseObserver& /*observer*/) {
  return open(options, split);
}

// A new data set is one line here, in the order of the names.
constexpr Registration kDatasets[] = {
    {"cifar10", at_once<open_cifar10>},
    {"cifar100", at_once<open_cifar100>},
    {"fashion_mnist", at_once<open_fashion_mnist>},
    {"folder", open_image_folder},
    {"imagenet", open_imagenet},
};

const Registration& find_registration(const std::string& name) {
  for (const Registration& registration : kDatasets) {
    if (name == registration.name) {
      return registration;
    }
  }
  throw ConfigError("unknown data set '" + name + "'; known are " + join(dataset_names()));
}

// They come into checkpoints, tables and messages.
void check_class_names(const DatasetInfo& info) {
  for (const std::string& name : info.classes) {
    const char* fault = name.empty()        ? "is empty"
                        : !is_utf8(name)    ? "is no UTF-8"
                        : has_control(name) ? "has control characters"
                                            : nullptr;
    if (fault != nullptr) {
      constexpr size_t kLongest = 255;
      throw DataError(info.place + ": the class name '" + plain_line(name, kLongest) + "' " +
                      fault + "; rename it");
    }
  }
}

// A place that cannot be looked at (no permission, a loop of links) is a fault of the data set too.
std::unique_ptr<Dataset> open_files(const Registration& registration, const DatasetOptions& options,
                                    Split split, PhaseObserver& observer) {
  try {
    return registration.open(options, split, observer);
  } catch (const std::filesystem::filesystem_error& error) {
    throw DataError("data set " + options.name + ": " + error.what());
  }
}

}  // namespace

std::string to_string(Split split) { return split == Split::kTrain ? "train" : "test"; }

Split split_from_string(std::string_view text) {
  if (text == "train") {
    return Split::kTrain;
  }
  if (text == "test") {
    return Split::kTest;
  }
  throw ConfigError("'" + std::string(text) + "' is no part of a data set; write train or test");
}

std::vector<std::string> dataset_names() {
  std::vector<std::string> names;
  for (const Registration& registration : kDatasets) {
    names.emplace_back(registration.name);
  }
  return names;
}

std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options, Split split) {
  return open_dataset(options, split, nobody());
}

std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options, Split split,
                                      PhaseObserver& observer) {
  const Registration& registration = find_registration(options.name);
  if (options.subset < 0) {
    throw ConfigError("subset of data set " + options.name + " is " +
                      std::to_string(options.subset) + "; it must be 0 (all images) or more");
  }
  std::unique_ptr<Dataset> dataset = open_files(registration, options, split, observer);
  check_class_names(dataset->info());
  if (options.subset == 0) {
    return dataset;
  }
  std::vector<int64_t> indices = balanced_subset(*dataset, options.subset);
  return std::make_unique<SubsetDataset>(std::move(dataset), std::move(indices));
}

}  // namespace sanas
