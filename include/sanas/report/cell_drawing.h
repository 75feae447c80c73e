// SPDX-License-Identifier: Apache-2.0
#pragma once

// Draws the cells of a genotype: SVG, PDF, DOT, JSON and words.

#include <optional>
#include <string>
#include <vector>

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

/// The nodes of a cell in words, for a terminal and for those who don't see a drawing:
/// "node 0: sep_conv_3x3 of c_{k-2} plus skip_connect of c_{k-1}".
std::vector<std::string> cell_in_words(const CellGenotype& cell);

/// {"normal": [["sep_conv_3x3", 0], …], "normal_concat": [2, 3, 4, 5], "reduce": …,
/// "reduce_concat": …} on one line.
std::string genotype_to_json(const Genotype& genotype);

}  // namespace sanas
