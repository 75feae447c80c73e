// SPDX-License-Identifier: Apache-2.0
#pragma once

// Draws a random genotype, for comparison with what a search finds.

#include <cstdint>

#include "sanas/genotype/genotype.h"
#include "sanas/genotype/search_space.h"

namespace sanas {

/// A genotype drawn uniformly from all that a search in `space` could end with: every node reads
/// two different states, each by a candidate of that edge other than `none`; all nodes are
/// concatenated. The random baseline of the field. A function of (space, seed).
Genotype random_genotype(const SearchSpace& space, uint64_t seed);

}  // namespace sanas
