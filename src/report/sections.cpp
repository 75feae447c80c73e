// SPDX-License-Identifier: Apache-2.0
#include "report/sections.h"

#include <algorithm>
#include <cmath>

#include "core/format.h"
#include "formats/json_text.h"
#include "report/confusion.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/quantity_text.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

constexpr size_t kMostFiles = 200;
constexpr size_t kMostPredictions = 100;
constexpr size_t kMostClasses = 200;

std::string list_of(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string html;
  for (const auto& [name, value] : facts) {
    html += "<div><dt>" + escape_html(name) + "</dt><dd>" + escape_html(value) + "</dd></div>\n";
  }
  return html;
}

/// Means over the logged updates of one level.
struct LevelCost {
  double updates = 0.0;
  double seconds = 0.0;
  double passes = 0.0;
  double peak_bytes = 0.0;
};

LevelCost cost_of(const RunContents& run, const std::string& level) {
  LevelCost cost;
  for (const auto& record : run.metrics) {
    if (const auto seconds = number_in(record, level + "_seconds")) {
      cost.updates += 1.0;
      cost.seconds += *seconds;
      cost.passes += number_in(record, level + "_passes").value_or(1.0);
      cost.peak_bytes =
          std::max(cost.peak_bytes, number_in(record, level + "_peak_memory_bytes").value_or(0.0));
    }
  }
  return cost;
}

std::vector<std::string> cost_row(const std::string& name, const LevelCost& cost,
                                  const std::string& every) {
  return {name,
          every,
          count_text(cost.updates),
          short_number(cost.passes / cost.updates),
          format("%.3g s", cost.seconds / cost.updates),
          cost.peak_bytes > 0.0 ? bytes_text(cost.peak_bytes) : "–"};
}

/// What sanas_saliency writes for each image.
bool is_of_one_image(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with("_map.png") || name.ends_with("_heat.png") ||
         name.ends_with("_overlay.png") || name.ends_with("_image.png");
}

std::string mark(const std::string& text, const std::string& style) {
  return "<span class=\"mark " + style + "\">" + text + "</span>";
}

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

}  // namespace

std::string overview(const RunContents& run) {
  const auto facts = facts_of(run);
  return facts.empty() ? "" : "<dl class=\"facts\">\n" + list_of(facts) + "</dl>\n";
}

std::string sessions_section(const RunContents& run) {
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
  HtmlTable columns{"Maps that were made", {"name", "method", "checkpoint", "options"}, {}, ""};
  if (const auto found = run.saliency.find("columns"); found != run.saliency.end()) {
    for (const auto& column : *found) {
      columns.rows.push_back({escape_html(text_in(column, "name")),
                              escape_html(text_in(column, "method")),
                              escape_html(text_in(column, "checkpoint")), options_of(column)});
    }
  }
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
  const std::string list = facts.empty() ? "" : "<dl class=\"list\">" + list_of(facts) + "</dl>\n";
  const std::string options = options_of(run.saliency);
  return list + (options.empty() ? "" : "<p>Options of all maps: " + options + "</p>\n") +
         to_html(columns) + to_html(table);
}

std::string cells_section(const RunContents& run) {
  if (!run.genotype) {
    return "";
  }
  return cell_figure(run.genotype->normal, "Normal cell") +
         cell_figure(run.genotype->reduce, "Reduction cell") +
         folded("Genotype as text",
                "<pre><code>" + escape_html(to_string(*run.genotype)) + "</code></pre>");
}

std::string test_section(const RunContents& run) {
  const auto number = [](const json& record, const char* key) {
    const auto found = number_in(record, key);
    return found ? short_number(*found) : std::string("–");
  };
  HtmlTable tests{
      "Tests at the end",
      {"inference", "images", "loss", "top-1", "top-5", "calibration error", "seconds per image"},
      {},
      "numbers"};
  const auto tested_on = [&](const json& record) {
    const double images = number_in(record, "images").value_or(0.0);
    const double skipped = number_in(record, "skipped_images").value_or(0.0);
    return skipped > 0.0 ? count_text(images) + " of " + count_text(images + skipped) +
                               ", the others could not be decoded"
                         : number(record, "images");
  };
  for (const auto& record : run.metrics) {
    if (text_in(record, "phase") == "test") {
      tests.rows.push_back({escape_html(text_in(record, "inference")), tested_on(record),
                            number(record, "test_loss"), number(record, "test_top1"),
                            number(record, "test_top5"), number(record, "calibration_error"),
                            number(record, "latency_median_seconds")});
    }
  }
  HtmlTable classes{"Accuracy on each class", {"class", "images", "top-1"}, {}, "numbers"};
  if (const auto found = run.test.find("classes"); found != run.test.end()) {
    for (const auto& one : *found) {
      if (classes.rows.size() < kMostClasses) {
        classes.rows.push_back(
            {escape_html(text_in(one, "name")), number(one, "images"), number(one, "top1")});
      }
    }
  }
  return to_html(tests) + draw_confusion(run.test) +
         (classes.rows.empty() ? "" : folded("Accuracy on each class", to_html(classes)));
}

std::string cost_section(const RunContents& run) {
  HtmlTable table{"Means over the logged updates",
                  {"level", "every", "logged", "passes", "time", "memory up to"},
                  {},
                  "numbers"};
  const auto every = [&](int64_t batches) {
    return !run.config    ? "–"
           : batches == 1 ? "mini-batch"
                          : std::to_string(batches) + " mini-batches";
  };
  const auto frequency = run.config ? run.config->search.update_every : UpdateSchedule{};
  const auto weights1 = cost_of(run, "train1");
  const auto weights2 = cost_of(run, "train2");
  const auto architecture = cost_of(run, "architecture");
  if (weights1.updates > 0.0) {
    table.rows.push_back(cost_row("W1", weights1, every(frequency.weights1)));
  }
  if (weights2.updates > 0.0) {
    table.rows.push_back(cost_row("δ and W2", weights2, every(frequency.weights2)));
  }
  if (architecture.updates > 0.0) {
    table.rows.push_back(cost_row("A", architecture, every(frequency.architecture)));
  }
  LevelCost training;
  for (const auto& record : run.metrics) {
    if (text_in(record, "phase") == "train" && number_in(record, "seconds")) {
      training.updates += 1.0;
      training.passes += 1.0;
      training.seconds += *number_in(record, "seconds");
    }
  }
  if (training.updates > 0.0) {
    training.peak_bytes = last_number(run, "train_epoch", "peak_memory_bytes").value_or(0.0);
    table.rows.push_back(cost_row("all weights", training, every(1)));
  }
  return table.rows.empty() ? ""
                            : to_html(table) +
                                  "<p class=\"note\">A pass is one forward and backward pass over "
                                  "a mini-batch.</p>\n";
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

std::string configuration_section(const RunContents& run) {
  if (!run.config) {
    return run.config_text.empty()
               ? ""
               : folded("config.yaml as it stands",
                        "<pre><code>" + escape_html(run.config_text) + "</code></pre>");
  }
  const auto now = config_entries(*run.config);
  const auto base = run.base ? config_entries(*run.base) : now;
  const auto defaults = config_entries(Config{});
  const std::string named = run.base ? "in " + escape_html(run.base->name) : "";
  HtmlTable changed{
      "Keys that the command line changed", {"key", "value", named, "default"}, {}, "keys"};
  HtmlTable all{"All keys", {"key", "value", "", "default"}, {}, "keys"};
  for (size_t i = 0; i < now.size(); ++i) {
    const auto& [key, value] = now[i];
    const bool is_changed = value != base[i].second;
    const bool is_set = value != defaults[i].second;
    const std::string code = "<code>" + escape_html(value) + "</code>";
    const std::string default_code = "<code>" + escape_html(defaults[i].second) + "</code>";
    if (is_changed) {
      changed.rows.push_back({"<code>" + escape_html(key) + "</code>", code,
                              "<code>" + escape_html(base[i].second) + "</code>", default_code});
    }
    all.rows.push_back({"<code>" + escape_html(key) + "</code>", code,
                        is_changed ? mark("changed", "strong")
                        : is_set   ? mark("set", "")
                                   : "",
                        is_set ? default_code : ""});
  }
  const std::string note =
      run.base
          ? (changed.rows.empty() ? "<p>As in the named configuration, without changes.</p>\n" : "")
          : "<p>The configuration it was begun with is not in the folder; keys that differ from "
            "the defaults are marked.</p>\n";
  return note + to_html(changed) +
         folded("All " + std::to_string(now.size()) + " keys",
                "<p>" + mark("changed", "strong") + " on the command line or in the folder, " +
                    mark("set", "") +
                    " in the configuration's file; the others have their defaults.</p>\n" +
                    to_html(all));
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
