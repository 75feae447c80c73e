// SPDX-License-Identifier: Apache-2.0
#include "report/sections.h"

#include <algorithm>
#include <cmath>

#include "formats/json_text.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/quantity_text.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 200;
constexpr size_t kMostPredictions = 100;

/// What sanas_saliency writes for each image.
bool is_of_one_image(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with("_map.png") || name.ends_with("_heat.png") ||
         name.ends_with("_overlay.png") || name.ends_with("_image.png");
}

}  // namespace

std::string overview(const RunContents& run) {
  const auto facts = facts_of(run);
  return facts.empty() ? "" : "<dl class=\"facts\">\n" + description_entries(facts) + "</dl>\n";
}

std::string cells_section(const Genotype& genotype) {
  return cell_figure(genotype.normal, "Normal cell") +
         cell_figure(genotype.reduce, "Reduction cell") +
         folded("Genotype as text",
                "<pre><code>" + escape_html(to_string(genotype)) + "</code></pre>");
}

std::string predictions_section(const RunContents& run) {
  HtmlTable table{
      "What the network says", {"image", "predicted", "probability", "true class"}, {}, ""};
  for (size_t i = 0; i < std::min(run.predictions.size(), kMostPredictions); ++i) {
    const auto& record = run.predictions[i];
    const std::string label = text_in(record, "label");
    const std::string predicted = text_in(record, "predicted");
    const std::string verdict = label.empty() ? ""
                                              : mark(label == predicted ? "right" : "wrong",
                                                     label == predicted ? "good" : "bad");
    table.rows.push_back({escape_html(text_in(record, "image")), escape_html(predicted),
                          short_number(number_in(record, "probability").value_or(NAN)),
                          escape_html(label) + " " + verdict});
  }
  const size_t more = run.predictions.size() - table.rows.size();
  return table.rows.empty()
             ? ""
             : folded(
                   "Predictions of " + std::to_string(run.predictions.size()) + " images",
                   to_html(table) + (more == 0 ? ""
                                               : "<p class=\"note\">and " + std::to_string(more) +
                                                     " more in predictions.jsonl</p>\n"));
}

std::string log_section(const RunContents& run) {
  return run.log_tail.empty()
             ? ""
             : folded("Last lines of log.txt",
                      "<pre><code>" + escape_html(join(run.log_tail, "\n")) + "</code></pre>");
}

std::string files_section(const RunContents& run, const fs::path& page_folder) {
  auto files = run.files;  // those of single images come last
  std::stable_partition(files.begin(), files.end(),
                        [](const fs::path& file) { return !is_of_one_image(file); });
  const size_t listed = std::min(files.size(), kMostFiles);
  std::string items;
  for (size_t i = 0; i < listed; ++i) {
    const auto& file = files[i];
    std::error_code error;
    const auto size = fs::file_size(run.folder / file, error);
    items += "<li><a href=\"" + relative_link(run.folder / file, page_folder) + "\">" +
             escape_html(file.string()) + "</a>" +
             (error ? "" : " <small>" + bytes_text(static_cast<double>(size)) + "</small>") +
             "</li>\n";
  }
  if (listed < files.size()) {
    items += "<li>and " + std::to_string(files.size() - listed) + " more</li>\n";
  }
  return items.empty() ? "" : "<ul class=\"files\">\n" + items + "</ul>\n";
}

}  // namespace sanas
