// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/cell_drawing.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "report/cells/cell_states.h"
#include "report/cells/graphviz.h"

namespace sanas {
namespace {

/// Text as a DOT string, which knows backslash sequences and HTML entities.
std::string dot_string(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    result += c == '&' ? "&amp;" : std::string(1, static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return result + "\"";
}

nlohmann::ordered_json genes_json(const CellGenotype& cell) {
  auto genes = nlohmann::ordered_json::array();
  for (const auto& gene : cell.genes) {
    genes.push_back({to_string(gene.operation), gene.source});
  }
  return genes;
}

}  // namespace

std::string cell_to_dot(const CellGenotype& cell, const std::string& title) {
  validate(Genotype{cell, cell});
  std::ostringstream dot;
  dot << "digraph cell {\n"
      << "  graph [rankdir=LR, nodesep=0.3, ranksep=0.5, label=" << dot_string(title)
      << ", labelloc=t, fontname=\"Helvetica\", fontsize=18]\n"
      << "  node [shape=box, style=\"rounded,filled\", height=0.5, width=0.5, "
         "fontname=\"Helvetica\", fontsize=16]\n"
      << "  edge [fontname=\"Helvetica\", fontsize=13, color=\"#555555\"]\n";
  const int output = output_state(cell);
  for (int state = 0; state <= output; ++state) {
    dot << "  " << dot_string(state_name(cell, state)) << " [fillcolor=\""
        << state_color(cell, state) << "\"]\n";
  }
  for (size_t i = 0; i < cell.genes.size(); ++i) {
    dot << "  " << dot_string(state_name(cell, cell.genes[i].source)) << " -> "
        << dot_string(state_name(cell, target_state(i)))
        << " [label=" << dot_string(" " + to_string(cell.genes[i].operation) + " ") << "]\n";
  }
  for (const int state : cell.concat) {
    dot << "  " << dot_string(state_name(cell, state)) << " -> "
        << dot_string(state_name(cell, output)) << " [style=dashed]\n";
  }
  dot << "}\n";
  return dot.str();
}

std::optional<std::string> cell_to_pdf(const CellGenotype& cell, const std::string& title) {
  auto pdf = graphviz_pdf(cell_to_dot(cell, title));
  constexpr std::string_view kDate = "/CreationDate (D:";
  constexpr std::string_view kFixed = "19700101000000";  // as long, so that no offset moves
  const size_t at = pdf ? pdf->find(kDate) : std::string::npos;
  if (at != std::string::npos && at + kDate.size() + kFixed.size() <= pdf->size()) {
    pdf->replace(at + kDate.size(), kFixed.size(), kFixed);
  }
  return pdf;
}

std::vector<std::string> cell_in_words(const CellGenotype& cell) {
  std::vector<std::string> nodes(static_cast<size_t>(cell.nodes()));
  for (size_t i = 0; i < cell.genes.size(); ++i) {
    std::string& text = nodes[i / 2];
    text += (text.empty() ? "node " + std::to_string(i / 2) + ": " : " plus ") +
            to_string(cell.genes[i].operation) + " of " + state_name(cell, cell.genes[i].source);
  }
  return nodes;
}

std::string genotype_to_json(const Genotype& genotype) {
  nlohmann::ordered_json json;
  json["normal"] = genes_json(genotype.normal);
  json["normal_concat"] = genotype.normal.concat;
  json["reduce"] = genes_json(genotype.reduce);
  json["reduce_concat"] = genotype.reduce.concat;
  return json.dump();
}

}  // namespace sanas
