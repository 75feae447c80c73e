// SPDX-License-Identifier: Apache-2.0
#pragma once

// A genotype, which is what a search finds: its text form, its files and its presets.

#include <string>
#include <vector>

#include "sanas/genotype/primitive.h"

namespace sanas {

/// One chosen operation and the state it reads: 0 is the output of cell k−2, 1 of cell k−1, 2+i is
/// intermediate node i.
struct Gene {
  Primitive operation;
  int source;
  bool operator==(const Gene&) const = default;
};

/// One cell: two genes per intermediate node, in node order, and the states that are concatenated
/// to its output.
struct CellGenotype {
  std::vector<Gene> genes;
  std::vector<int> concat;

  /// Intermediate nodes.
  int nodes() const { return static_cast<int>(genes.size()) / 2; }
  bool operator==(const CellGenotype&) const = default;
};

/// A discrete architecture: the product of a search (darts-family §2.4).
struct Genotype {
  CellGenotype normal;
  CellGenotype reduce;
  bool operator==(const Genotype&) const = default;
};

/// `Genotype(normal=[('op', src), …], normal_concat=range(2, 6), reduce=[…], reduce_concat=…)` on
/// one line; concats that are no range are printed as lists.
std::string to_string(const Genotype& genotype);

/// Reads the text form in all ways that Python's `eval` reads it (darts-family §2.4): fields by
/// name or in order, lists, tuples or range, free spacing, comments, both kinds of quotes. There
/// may be text around it, as in a log or `genotypes.py`; what stands in a line that begins with `#`
/// does not count.
/// @param choice which one, where the text has several that differ: its number from 1 on, "last",
/// or NAME of `NAME = Genotype(…)`, also through `ALIAS = NAME`. None is taken unasked: the first
/// of a log is the one before any search. Throws FileError that says where the text stops making
/// sense, or how many there are and how to choose.
Genotype parse_genotype(const std::string& text, const std::string& choice = "");

/// Throws FileError unless every gene reads a state that exists, every node has two genes and the
/// concats are not empty.
void validate(const Genotype& genotype);

/// Number of skip connections among the genes of a cell.
int count_skips(const CellGenotype& cell);

/// The published cells of darts-family §6 by name, e.g. "DARTS_V2".
std::vector<std::string> preset_genotype_names();

/// A preset by name, or the genotype in the text file of that path; PATH#CHOICE chooses one of
/// several as `parse_genotype` does. Throws FileError if it is neither.
Genotype load_genotype(const std::string& description);

}  // namespace sanas
