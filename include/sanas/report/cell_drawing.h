// SPDX-License-Identifier: Apache-2.0
#pragma once

// Draws the cells of a genotype: SVG, PDF, DOT and JSON.

#include <optional>
#include <string>

#include "sanas/genotype/genotype.h"

namespace sanas {

/// A cell as a graph in the DOT language, left to right: the inputs c_{k-2} and c_{k-1}, the
/// intermediate nodes 0 … n−1, the output c_{k}. An edge carries the name of its operation; the
/// states that are concatenated lead to c_{k}. Throws FileError for a cell that is not valid.
std::string cell_to_dot(const CellGenotype& cell, const std::string& title);

/// The same as SVG: one row per node, its two operations as boxes to its left, so that no two
/// labels can overlap and no edge passes behind one. Equal cells give equal bytes everywhere.
std::string cell_to_svg(const CellGenotype& cell, const std::string& title);

/// The same as PDF, drawn by graphviz; nothing where that is not installed. Equal cells give equal
/// bytes.
std::optional<std::string> cell_to_pdf(const CellGenotype& cell, const std::string& title);

/// {"normal": [["sep_conv_3x3", 0], …], "normal_concat": [2, 3, 4, 5], "reduce": …,
/// "reduce_concat": …} on one line.
std::string genotype_to_json(const Genotype& genotype);

}  // namespace sanas
