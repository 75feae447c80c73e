// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tensors of a search lead to: genotypes, and the weights of their discrete networks.

#include <string>
#include <vector>

#include "sanas/config/config.h"
#include "sanas/core/log.h"
#include "sanas/formats/named_tensors.h"
#include "sanas/genotype/genotype.h"

namespace sanas {

/// Tensors, and what messages call the file that they are from.
struct TensorsOfFile {
  std::string source;
  NamedTensors tensors;
};

/// The state dict of a search network in `tensors`: what there is besides the architecture
/// variables, or W1 of a search's checkpoint.
NamedTensors search_weights(const NamedTensors& tensors);

/// The genotypes that a search network of this configuration derives from architecture variables
/// ("alphas_normal", …): one, or where they have a leading dimension one for each set of them. Of
/// P-DARTS those of the last stage, with the operations that "switches_normal" and
/// "switches_reduce" say are still on. Throws ConfigError or FileError.
std::vector<Genotype> derive_genotypes(const Config& config, const TensorsOfFile& architecture);

/// The state dict of the discrete network of `genotype` with the weights that its operations have
/// in a search network (discretize). `log` is told if names had something in front of them.
/// @param architecture what the genotype was derived from; says the stage of a P-DARTS search.
/// @param weights of the search network, or its checkpoint.
/// Throws ConfigError or FileError.
NamedTensors discrete_weights(const Config& config, const Genotype& genotype,
                              const TensorsOfFile& architecture, const TensorsOfFile& weights,
                              Log& log);

}  // namespace sanas
