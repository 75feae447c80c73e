// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/json_text.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/quantity_text.h"
#include "report/sections.h"

namespace sanas {
namespace {

using json = nlohmann::ordered_json;

/// A number of the last epoch, of whichever phase the run has.
std::optional<double> last_epoch_number(const RunContents& run, const std::string& key) {
  const auto of_training = last_number(run, "train_epoch", key);
  return of_training ? of_training : last_number(run, "search_epoch", key);
}

/// The options in a part of saliency.json as HTML, those that were changed marked; empty without.
std::string options_of(const json& object) {
  std::string html;
  for (const auto& [name, value] : saliency_options_of(object)) {
    html += (html.empty() ? "" : ", ") + escape_html(name) + " <code>" + escape_html(value.text) +
            "</code>" + (value.changed ? " " + mark("changed", "strong") : "");
  }
  return html;
}

/// Names and values of what was asked for, and of what went wrong.
std::vector<std::pair<std::string, std::string>> asked_for(const RunContents& run) {
  std::vector<std::pair<std::string, std::string>> facts;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) {
      facts.emplace_back(name, value);
    }
  };
  if (run.config) {
    add("Configuration", run.config->name);
    add("Method", to_string(run.config->method));
    add("Search network", run.config->supernet.family);
    add("Data set", run.config->dataset.source.name);
    add("Seed", std::to_string(run.config->seed));
  }
  if (const auto found = run.checkpoint.find("step"); found != run.checkpoint.end()) {
    add("Checkpoint at step", found->second);
  }
  if (const auto found = run.checkpoint.find("classes"); found != run.checkpoint.end()) {
    add("Classes",
        std::to_string(std::count(found->second.begin(), found->second.end(), '\n') + 1));
  }
  add("Images from", text_in(run.saliency, "source"));
  if (const auto skipped = last_epoch_number(run, "skipped_updates")) {
    add("Not finite", count_text(*skipped) + " updates left out, " +
                          count_text(last_epoch_number(run, "rollbacks").value_or(0.0)) +
                          " times back to a checkpoint");
  }
  if (const auto skipped = last_epoch_number(run, "skipped_images"); skipped && *skipped > 0.0) {
    add("Not decoded", count_text(*skipped) + " images left out of mini-batches");
  }
  if (const auto skipped = last_epoch_number(run, "validation_skipped_images");
      skipped && *skipped > 0.0) {
    add("Not decoded in the last validation", count_text(*skipped) + " images");
  }
  return facts;
}

std::string columns_of_maps(const RunContents& run) {
  HtmlTable table{"Maps that were made", {"name", "method", "checkpoint", "options"}, {}, ""};
  if (const auto found = run.saliency.find("columns"); found != run.saliency.end()) {
    for (const auto& column : *found) {
      table.rows.push_back({escape_html(text_in(column, "name")),
                            escape_html(text_in(column, "method")),
                            escape_html(text_in(column, "checkpoint")), options_of(column)});
    }
  }
  return to_html(table);
}

std::string starts(const RunContents& run) {
  HtmlTable table{"Starts of the program, and on what machine",
                  {"started", "program", "from step", "processor", "threads", "memory", "device",
                   "system", "LibTorch"},
                  {},
                  "numbers"};
  for (const auto& record : run.sessions) {
    table.rows.push_back(
        {escape_html(text_in(record, "started")),
         escape_html(text_in(record, "program") + " " + text_in(record, "version")),
         count_text(number_in(record, "first_step").value_or(0.0)),
         escape_html(text_in(record, "processor") + ", " +
                     count_text(number_in(record, "cores").value_or(0.0)) + " cores"),
         count_text(number_in(record, "threads").value_or(0.0)),
         bytes_text(number_in(record, "memory_bytes").value_or(0.0)),
         escape_html(text_in(record, "device")), escape_html(text_in(record, "system")),
         escape_html(text_in(record, "libtorch"))});
  }
  return to_html(table);
}

}  // namespace

std::string sessions_section(const RunContents& run) {
  const auto facts = asked_for(run);
  const std::string list =
      facts.empty() ? "" : "<dl class=\"list\">" + description_entries(facts) + "</dl>\n";
  const std::string options = options_of(run.saliency);
  return list + (options.empty() ? "" : "<p>Options of all maps: " + options + "</p>\n") +
         columns_of_maps(run) + starts(run);
}

}  // namespace sanas
