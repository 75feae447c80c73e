// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sanas/genotype/genotype.h"

namespace sanas {

/// The states of a cell as drawings number them: the two inputs, the nodes, the output.
inline int output_state(const CellGenotype& cell) { return cell.nodes() + 2; }

/// The state that gene `index` leads to.
inline int target_state(size_t index) { return static_cast<int>(index / 2) + 2; }

inline std::string state_name(const CellGenotype& cell, int state) {
  return state < 2                     ? (state == 0 ? "c_{k-2}" : "c_{k-1}")
         : state == output_state(cell) ? "c_{k}"
                                       : std::to_string(state - 2);
}

/// Inputs, nodes and output differ in colour.
inline std::string state_color(const CellGenotype& cell, int state) {
  return state < 2 ? "#b8dfc0" : state == output_state(cell) ? "#f2e3a5" : "#bcd9ee";
}

}  // namespace sanas
