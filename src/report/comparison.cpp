// SPDX-License-Identifier: Apache-2.0
// Cells, and what several runs have side by side.
#include <algorithm>
#include <utility>

#include "report/configuration_difference.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/sections.h"
#include "sanas/core/text.h"
#include "sanas/report/cell_drawing.h"

namespace sanas {
namespace {

using Entries = ConfigurationEntries;

/// What the drawing shows, for those who don't see it.
std::string described(const CellGenotype& cell, const std::string& title) {
  return title + ": " + escape_html(join(cell_in_words(cell), "; ")) + ".";
}

}  // namespace

std::string cell_figure(const CellGenotype& cell, const std::string& title) {
  return "<figure class=\"cell\"><figcaption><h4>" + title +
         "</h4></figcaption>\n<div class=\"scroll paper\" role=\"region\" tabindex=\"0\" "
         "aria-label=\"" +
         title + "\"><img alt=\"" + described(cell, title) + "\" src=\"" +
         data_uri("image/svg+xml", cell_to_svg(cell, "")) + "\"></div></figure>\n";
}

std::string compared_numbers(const std::vector<RunContents>& runs) {
  HtmlTable table{"The runs in numbers", {""}, {}, "numbers"};
  for (size_t r = 0; r < runs.size(); ++r) {
    table.head.push_back("<a href=\"#run" + std::to_string(r + 1) + "\">" +
                         escape_html(runs[r].name) + "</a>");
    for (const auto& [name, value] : facts_of(runs[r])) {
      const std::string cell = escape_html(name);
      auto row = std::find_if(table.rows.begin(), table.rows.end(),
                              [&](const auto& known) { return known.front() == cell; });
      if (row == table.rows.end()) {
        row = table.rows.insert(row, std::vector<std::string>(runs.size() + 1, "–"));
        row->front() = cell;
      }
      (*row)[r + 1] = escape_html(value);
    }
  }
  return to_html(table);
}

std::string compared_configurations(const RunList& runs) {
  HtmlTable table{"Keys in which the configurations differ", {"key"}, {}, "keys"};
  std::vector<Entries> configurations;
  std::vector<std::string> without;
  for (const auto* run : runs) {
    auto entries = configuration_of(*run);
    if (entries.empty()) {
      without.push_back(escape_html(run->name));
      continue;
    }
    table.head.push_back(escape_html(run->name));
    configurations.push_back(std::move(entries));
  }
  const std::string note =
      without.empty() ? ""
                      : "<p>Without a configuration that can be read: " + join(without) + ".</p>\n";
  if (configurations.size() < 2) {
    return note;
  }
  for (const auto& key : differing_keys(configurations)) {
    auto& row = table.rows.emplace_back(1, "<code>" + escape_html(key) + "</code>");
    for (const auto& entries : configurations) {
      const auto value = value_of(entries, key);
      row.push_back(value ? "<code>" + escape_html(*value) + "</code>" : "–");
    }
  }
  return note + (table.rows.empty()
                     ? "<p>Their configurations are the same in every key that they share.</p>\n"
                     : to_html(table));
}

std::string compared_cells(const std::vector<RunContents>& runs) {
  std::string figures;
  for (const auto& run : runs) {
    if (run.genotype) {
      figures += cell_figure(run.genotype->normal, "Normal cell of " + escape_html(run.name)) +
                 cell_figure(run.genotype->reduce, "Reduction cell of " + escape_html(run.name));
    }
  }
  return figures.empty() ? "" : "<div class=\"grid-cells\">\n" + figures + "</div>\n";
}

}  // namespace sanas
