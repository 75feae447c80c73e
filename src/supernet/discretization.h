// SPDX-License-Identifier: Apache-2.0
#pragma once

// Turns a search network into the discrete network of a genotype and keeps the weights.

#include <memory>

#include "sanas/nn/eval_network.h"
#include "sanas/supernet/cell_supernet.h"

namespace sanas {

/// The discrete network of `genotype` with the weights and running statistics that its operations
/// have in `supernet`: same width, depth, stem, device and type, no auxiliary head. What a search
/// network does not have, scale and shift of the batch norms, is 1 and 0; the batch norm that a
/// search network has behind its pooling, and PR-DARTS before its classifier, is left out.
/// Throws ConfigError for a genotype that is not in the space of the supernet, and where shapes
/// differ: operations of PC-DARTS see only a part of the channels, the stems of ImageNet networks
/// are wider in the search.
std::shared_ptr<EvalNetwork> discretize(const CellSupernet& supernet, const Genotype& genotype,
                                        const SupernetOptions& options);

}  // namespace sanas
