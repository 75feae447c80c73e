// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/dataset_facts.h"

#include <map>

#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/data/dataset.h"

namespace sanas {

int64_t frame_of(const DatasetOptions& options) {
  return options.name == "fashion_mnist" && options.pad_to_32 ? 2 : 0;
}

const DatasetFacts& dataset_facts(const std::string& name) {
  static const std::array<double, 3> imagenet_mean{0.485, 0.456, 0.406};
  static const std::array<double, 3> imagenet_std{0.229, 0.224, 0.225};
  static const std::map<std::string, DatasetFacts> facts{
      {"cifar10",
       {10, 32, {0.49139968, 0.48215827, 0.44653124}, {0.24703233, 0.24348505, 0.26158768}}},
      {"cifar100", {100, 32, {0.5071, 0.4867, 0.4408}, {0.2675, 0.2565, 0.2761}}},
      // Of the 28×28 images without a frame.
      {"fashion_mnist", {10, 32, {0.2860, 0.2860, 0.2860}, {0.3530, 0.3530, 0.3530}}},
      {"folder", {0, 224, imagenet_mean, imagenet_std}},
      {"imagenet", {1000, 224, imagenet_mean, imagenet_std}}};
  const auto found = facts.find(name);
  if (found == facts.end()) {
    throw ConfigError("unknown data set '" + name + "'; known are " + join(dataset_names()));
  }
  return found->second;
}

}  // namespace sanas
