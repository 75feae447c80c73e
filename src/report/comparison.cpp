// SPDX-License-Identifier: Apache-2.0
// Cells, and what several runs have side by side.
#include <algorithm>
#include <map>
#include <set>

#include "report/facts.h"
#include "report/html.h"
#include "report/sections.h"
#include "sanas/core/text.h"
#include "sanas/report/cell_drawing.h"

namespace sanas {
namespace {

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

std::string compared_configurations(const std::vector<RunContents>& runs) {
  HtmlTable table{"Keys in which the configurations differ", {"key"}, {}, "keys"};
  std::vector<std::map<std::string, std::string>> configs;
  std::vector<std::string> keys;
  std::vector<std::string> without;
  for (const auto& run : runs) {
    const auto entries = run.config ? config_entries(*run.config) : saliency_entries(run.saliency);
    if (entries.empty()) {
      without.push_back(escape_html(run.name));
      continue;
    }
    table.head.push_back(escape_html(run.name));
    for (const auto& [key, value] : entries) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        keys.push_back(key);
      }
    }
    configs.emplace_back(entries.begin(), entries.end());
  }
  const std::string note =
      without.empty() ? ""
                      : "<p>Without a configuration that can be read: " + join(without) + ".</p>\n";
  if (configs.size() < 2) {
    return note;
  }
  for (const auto& key : keys) {
    std::set<std::string> values;  // of those that have the key
    for (const auto& config : configs) {
      if (const auto found = config.find(key); found != config.end()) {
        values.insert(found->second);
      }
    }
    if (values.size() < 2) {
      continue;
    }
    auto& row = table.rows.emplace_back(1, "<code>" + escape_html(key) + "</code>");
    for (const auto& config : configs) {
      const auto found = config.find(key);
      row.push_back(found == config.end() ? "–"
                                          : "<code>" + escape_html(found->second) + "</code>");
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
