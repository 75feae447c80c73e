// SPDX-License-Identifier: Apache-2.0
#include "report/facts.h"

#include <algorithm>

#include "config/config_writer.h"
#include "core/time_text.h"
#include "formats/json_text.h"
#include "report/quantity_text.h"

namespace sanas {
namespace {

using json = nlohmann::ordered_json;
using Facts = std::vector<std::pair<std::string, std::string>>;

void add_percent(Facts& facts, const std::string& name, const std::optional<double>& part) {
  if (part) {
    facts.emplace_back(name, percent_text(*part));
  }
}

void add_count(Facts& facts, const std::string& name, const std::optional<double>& count) {
  if (count) {
    facts.emplace_back(name, count_text(*count));
  }
}

/// Seconds of all epochs together.
double total_seconds(const RunContents& run, const std::string& phase) {
  double seconds = 0.0;
  for (const auto& record : run.metrics) {
    if (text_in(record, "phase") == phase) {
      seconds += number_in(record, "seconds").value_or(0.0);
    }
  }
  return seconds;
}

void add_progress(Facts& facts, const RunContents& run, const std::string& phase, int64_t epochs) {
  const auto epoch = last_number(run, phase + "_epoch", "epoch");
  if (epoch) {
    const std::string of = run.config ? " of " + std::to_string(epochs) : "";
    facts.emplace_back("Epochs", count_text(*epoch + 1.0) + of);
  }
  const auto step = last_number(run, phase + "_epoch", "step");
  const auto logged = last_number(run, phase, "step");
  add_count(facts, "Mini-batches",
            step || logged
                ? std::optional(std::max(step.value_or(0.0), logged.value_or(-1.0) + 1.0))
                : std::nullopt);
}

void add_search_facts(Facts& facts, const RunContents& run) {
  add_progress(facts, run, "search", run.config ? run.config->search.epochs : 0);
  add_percent(facts, "Training top-1 of W1", last_number(run, "search_epoch", "train1_top1"));
  add_percent(facts, "Validation top-1 of W1",
              last_number(run, "search_epoch", "validation1_top1"));
  add_count(facts, "Parameters", last_number(run, "search_epoch", "parameters"));
  add_count(facts, "Multiply-adds", last_number(run, "search_epoch", "macs"));
  if (const double seconds = total_seconds(run, "search_epoch"); seconds > 0.0) {
    facts.emplace_back("Time in epochs", duration_text(seconds));
  }
}

void add_evaluation_facts(Facts& facts, const RunContents& run) {
  add_progress(facts, run, "train", run.config ? run.config->evaluation.epochs : 0);
  const std::string tested = last_number(run, "test", "test_top1") ? "test" : "train_epoch";
  add_percent(facts, "Test top-1", last_number(run, tested, "test_top1"));
  add_percent(facts, "Test top-5", last_number(run, tested, "test_top5"));
  add_percent(facts, "Validation top-1", last_number(run, "train_epoch", "validation_top1"));
  add_percent(facts, "Calibration error", last_number(run, tested, "calibration_error"));
  add_percent(facts, "Training top-1", last_number(run, "train_epoch", "top1"));
  if (const double seconds = total_seconds(run, "train_epoch"); seconds > 0.0) {
    facts.emplace_back("Time in epochs", duration_text(seconds));
  }
}

void add_saliency_facts(Facts& facts, const RunContents& run) {
  double labelled = 0.0;
  double right = 0.0;
  for (const auto& record : run.predictions) {
    const std::string label = text_in(record, "label");
    labelled += label.empty() ? 0.0 : 1.0;
    right += !label.empty() && label == text_in(record, "predicted") ? 1.0 : 0.0;
  }
  const auto images = run.saliency.find("images");
  add_count(
      facts, "Images",
      static_cast<double>(images != run.saliency.end() ? images->size() : run.predictions.size()));
  if (labelled > 0.0) {
    facts.emplace_back("Predicted right", percent_text(right / labelled));
  }
}

/// A text as it is, anything else as JSON.
std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Facts facts_of(const RunContents& run) {
  Facts facts;
  switch (run.kind) {
    case RunKind::kSearch:
      add_search_facts(facts, run);
      break;
    case RunKind::kEvaluation:
      add_evaluation_facts(facts, run);
      break;
    case RunKind::kSaliency:
      add_saliency_facts(facts, run);
      break;
  }
  return facts;
}

std::optional<double> last_number(const RunContents& run, const std::string& phase,
                                  const std::string& key) {
  for (auto record = run.metrics.rbegin(); record != run.metrics.rend(); ++record) {
    if (text_in(*record, "phase") == phase) {
      if (const auto number = number_in(*record, key)) {
        return number;
      }
    }
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, SaliencyOption>> saliency_options_of(const json& object) {
  std::vector<std::pair<std::string, SaliencyOption>> options;
  const auto values = object.find("options");
  if (values == object.end() || !values->is_object()) {
    return options;
  }
  const auto changed = object.find("changed");
  for (const auto& [name, value] : values->items()) {
    const bool is_changed = changed != object.end() && changed->is_array() &&
                            std::find(changed->begin(), changed->end(), name) != changed->end();
    options.push_back({name, {text_of(value), is_changed}});
  }
  return options;
}

std::vector<std::pair<std::string, std::string>> saliency_entries(const json& saliency) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto& [name, option] : saliency_options_of(saliency)) {
    entries.emplace_back(name, option.text);
  }
  const auto columns = saliency.find("columns");
  if (columns == saliency.end()) {
    return entries;
  }
  for (const auto& column : *columns) {
    const std::string before = text_in(column, "name") + ".";
    entries.emplace_back(before + "method", text_in(column, "method"));
    entries.emplace_back(before + "checkpoint", text_in(column, "checkpoint"));
    for (const auto& [name, option] : saliency_options_of(column)) {
      entries.emplace_back(before + name, option.text);
    }
  }
  return entries;
}

std::vector<std::pair<std::string, std::string>> config_entries(Config config) {
  ConfigWriter writer;
  bind(writer, config);
  return writer.entries();
}

}  // namespace sanas
