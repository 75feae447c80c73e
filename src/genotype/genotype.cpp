// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/genotype.h"

#include <algorithm>

#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

std::string list_text(const std::vector<std::string>& parts) {
  std::string text = "[";
  return text.append(join(parts)).append("]");
}

std::string genes_text(const std::vector<Gene>& genes) {
  std::vector<std::string> parts;
  parts.reserve(genes.size());
  for (const auto& gene : genes) {
    parts.push_back("('" + to_string(gene.operation) + "', " + std::to_string(gene.source) + ")");
  }
  return list_text(parts);
}

std::string concat_text(const std::vector<int>& concat) {
  bool consecutive = concat.size() > 1;
  std::vector<std::string> parts;
  for (size_t i = 0; i < concat.size(); ++i) {
    consecutive = consecutive && concat[i] == concat[0] + static_cast<int>(i);
    parts.push_back(std::to_string(concat[i]));
  }
  return consecutive ? "range(" + parts.front() + ", " + std::to_string(concat.back() + 1) + ")"
                     : list_text(parts);
}

void validate_cell(const CellGenotype& cell, const std::string& name) {
  if (cell.genes.empty() || cell.genes.size() % 2 != 0) {
    throw FileError("genotype: the " + name + " cell has " + std::to_string(cell.genes.size()) +
                    " operations; two per node are needed");
  }
  for (size_t i = 0; i < cell.genes.size(); ++i) {
    const int states = 2 + static_cast<int>(i) / 2;
    if (cell.genes[i].source < 0 || cell.genes[i].source >= states) {
      throw FileError("genotype: operation " + std::to_string(i) + " of the " + name +
                      " cell reads state " + std::to_string(cell.genes[i].source) +
                      ", but only 0 to " + std::to_string(states - 1) + " exist there");
    }
  }
  if (cell.concat.empty()) {
    throw FileError("genotype: the " + name + " cell concatenates nothing");
  }
  for (const int state : cell.concat) {
    if (state < 0 || state >= cell.nodes() + 2) {
      throw FileError("genotype: the " + name + " cell concatenates state " +
                      std::to_string(state) + ", but only 0 to " +
                      std::to_string(cell.nodes() + 1) + " exist");
    }
  }
}

}  // namespace

std::string to_string(const Genotype& genotype) {
  return "Genotype(normal=" + genes_text(genotype.normal.genes) +
         ", normal_concat=" + concat_text(genotype.normal.concat) +
         ", reduce=" + genes_text(genotype.reduce.genes) +
         ", reduce_concat=" + concat_text(genotype.reduce.concat) + ")";
}

void validate(const Genotype& genotype) {
  validate_cell(genotype.normal, "normal");
  validate_cell(genotype.reduce, "reduction");
}

int count_skips(const CellGenotype& cell) {
  return static_cast<int>(std::count_if(cell.genes.begin(), cell.genes.end(), [](const Gene& gene) {
    return gene.operation == Primitive::kSkipConnect;
  }));
}

}  // namespace sanas
