// SPDX-License-Identifier: Apache-2.0
#pragma once

// The networks that a configuration describes.

#include <cstdint>
#include <memory>
#include <optional>

#include "sanas/config/config.h"
#include "sanas/nn/eval_network.h"
#include "sanas/nn/network_size.h"
#include "sanas/search/networks.h"
#include "sanas/supernet/search_stage.h"

namespace sanas {

/// The normalisation that a configuration asks for on a data set.
PixelNormalization make_normalization(const Config& config, const DatasetInfo& info);

/// Height and width that images of `size` pixels (0: they vary) have in a batch, after the
/// configured crops; 224 where nothing says.
int64_t batch_image_size(const AugmentOptions& augment, int64_t size);

/// The stems that fit images of that size: ImageNet's above 64 pixels.
NetworkKind network_kind_for(int64_t image_size);

/// The configured search network for images of `image_size` pixels in `classes` classes.
SupernetChoice supernet_for(const Config& config, int64_t classes, int64_t image_size);

/// W1, W2 (SANAS only) and A of a stage on `device`, drawn from the configuration's seed.
SearchNetworks make_search_networks(const Config& config, const DatasetInfo& info,
                                    const SearchStage& stage, const torch::Device& device);

/// The network options that a configuration asks for on a data set: ImageNet stems for images above
/// 64 pixels, an auxiliary head where its loss has a weight.
EvalNetworkOptions network_options_for(const Config& config, const DatasetInfo& info);

/// The size of the network that a configuration makes of a genotype, by measure_network.
NetworkSize network_size_for(const Config& config, const Genotype& genotype,
                             const DatasetInfo& info);

/// A network on `device`. @param seed that it is drawn from instead of the configuration's.
std::shared_ptr<EvalNetwork> make_eval_network(const Config& config, const Genotype& genotype,
                                               const DatasetInfo& info, const torch::Device& device,
                                               std::optional<uint64_t> seed = {});

}  // namespace sanas
