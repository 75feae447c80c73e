// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/supernet.h"

#include <algorithm>

#include "sanas/genotype/derivation.h"

namespace sanas {

Genotype Supernet::derive() const {
  return {derive_darts_cell(space_.normal, space_.topology, edge_weights(false)),
          derive_darts_cell(space_.reduce, space_.topology, edge_weights(true))};
}

double Supernet::margin() const {
  return std::min(derivation_margin(space_.normal, space_.topology, edge_weights(false)),
                  derivation_margin(space_.reduce, space_.topology, edge_weights(true)));
}

}  // namespace sanas
