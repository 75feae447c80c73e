// SPDX-License-Identifier: Apache-2.0
#include "runs/search/genotype_history.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "formats/json_lines_reader.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

std::string text_of(const Gene& gene) {
  return to_string(gene.operation) + " of " + std::to_string(gene.source);
}

/// The genes of a node that the cell `other` does not have at it.
std::vector<Gene> genes_without(const CellGenotype& cell, const CellGenotype& other, int node) {
  const auto genes_of = [node](const CellGenotype& of) {
    const auto first = of.genes.begin() + 2 * static_cast<std::ptrdiff_t>(node);
    return std::vector<Gene>(first, first + 2);
  };
  std::vector<Gene> left = genes_of(cell);
  for (const Gene& gene : genes_of(other)) {
    const auto same = std::find(left.begin(), left.end(), gene);
    if (same != left.end()) {
      left.erase(same);
    }
  }
  return left;
}

/// Pairs those of the same source, and the others as they stand.
std::vector<std::string> node_changes(std::vector<Gene> before, const std::vector<Gene>& now,
                                      int node) {
  const auto reads_same = [](const Gene& a, const Gene& b) { return a.source == b.source; };
  if (before.size() == 2 &&
      (reads_same(before.front(), now.back()) || reads_same(before.back(), now.front())) &&
      !reads_same(before.front(), now.front())) {
    std::swap(before.front(), before.back());
  }
  std::vector<std::string> changes;
  for (size_t i = 0; i < before.size(); ++i) {
    changes.push_back("node " + std::to_string(node + 2) + ": " + text_of(before[i]) + " -> " +
                      text_of(now[i]));
  }
  return changes;
}

/// "normal: …"; empty where the cells are alike.
std::string cell_changes(const std::string& name, const CellGenotype& before,
                         const CellGenotype& now) {
  std::vector<std::string> changes;
  if (before.nodes() != now.nodes()) {
    changes.push_back(std::to_string(before.nodes()) + " -> " + std::to_string(now.nodes()) +
                      " nodes");
  } else {
    for (int node = 0; node < now.nodes(); ++node) {
      for (auto& change :
           node_changes(genes_without(before, now, node), genes_without(now, before, node), node)) {
        changes.push_back(std::move(change));
      }
    }
  }
  if (before.nodes() == now.nodes() && before.concat != now.concat) {
    changes.emplace_back("other nodes are its output");
  }
  return changes.empty() ? "" : name + ": " + join(changes);
}

}  // namespace

std::string changes_text(const Genotype& before, const Genotype& now) {
  std::vector<std::string> cells{cell_changes("normal", before.normal, now.normal),
                                 cell_changes("reduction", before.reduce, now.reduce)};
  std::erase(cells, "");
  return cells.empty() ? "no change" : join(cells, "; ");
}

GenotypeHistory::GenotypeHistory(const std::filesystem::path& metrics, int64_t stage) {
  std::vector<std::string> ignored;  // what is left out is not known
  for (const auto& record : read_json_lines(metrics, ignored)) {
    const auto phase = record.find("phase");
    const auto of_stage = record.find("stage");
    const auto epoch = record.find("epoch");
    const auto genotype = record.find("genotype");
    const auto end = record.end();
    if (phase != end && *phase == "search_epoch" && of_stage != end && *of_stage == stage &&
        epoch != end && epoch->is_number_integer() && genotype != end && genotype->is_string()) {
      genotypes_[epoch->get<int64_t>()] = genotype->get<std::string>();
    }
  }
}

void GenotypeHistory::add(int64_t epoch, const Genotype& genotype) {
  genotypes_[epoch] = to_string(genotype);
}

std::string GenotypeHistory::changes(int64_t epoch, const Genotype& now) const {
  const auto before = genotypes_.find(epoch - 1);
  return before == genotypes_.end() ? "" : changes_text(parse_genotype(before->second), now);
}

}  // namespace sanas
