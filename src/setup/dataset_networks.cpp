// SPDX-License-Identifier: Apache-2.0
#include "sanas/setup/dataset_networks.h"

#include "sanas/core/error.h"
#include "sanas/data/dataset_facts.h"
#include "sanas/setup/networks.h"

namespace sanas {

SupernetChoice supernet_without_data(const Config& config) {
  const auto& facts = dataset_facts(config.dataset.source.name);
  if (facts.classes == 0) {
    throw ConfigError(
        "the number of classes of data set 'folder' is not known without its files; "
        "use one of the named data sets");
  }
  return supernet_for(config, facts.classes, facts.image_size);
}

EvalNetworkOptions network_for_dataset(const std::string& dataset, int64_t channels,
                                       int64_t cells) {
  const auto& facts = dataset_facts(dataset);
  EvalNetworkOptions options;
  options.kind = network_kind_for(facts.image_size);
  const bool imagenet = options.kind == NetworkKind::kImageNet;
  options.channels = channels > 0 ? channels : imagenet ? 48 : 36;
  options.cells = cells > 0 ? cells : imagenet ? 14 : 20;
  options.classes = facts.classes;
  return options;
}

}  // namespace sanas
