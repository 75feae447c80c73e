// SPDX-License-Identifier: Apache-2.0
#pragma once

// The networks that belong to a data set by its name, without its files.

#include <cstdint>
#include <string>

#include "sanas/config/config.h"
#include "sanas/nn/eval_network.h"
#include "sanas/supernet/factory.h"

namespace sanas {

/// The configured search network on the images of the data set that the configuration names. Throws
/// ConfigError for one whose classes are not known without its files.
SupernetChoice supernet_without_data(const Config& config);

/// The discrete network that papers train on a data set, or one of another width or depth.
/// @param channels,cells 0: 36 and 20, for ImageNet 48 and 14.
EvalNetworkOptions network_for_dataset(const std::string& dataset, int64_t channels, int64_t cells);

}  // namespace sanas
