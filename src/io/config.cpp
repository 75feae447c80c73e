// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/config.h"

#include <algorithm>

#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/core/utf8.h"
#include "sanas/io/config_number.h"
#include "sanas/io/config_reader.h"
#include "sanas/io/config_writer.h"
#include "sanas/io/presets.h"
#include "sanas/io/yaml_tree.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// Copies what several parts need to know, so that each part finds it in its own options.
void share_common_values(Config& config) {
  config.search.method =
      config.method == Method::kSanas ? SearchMethod::kSanas : SearchMethod::kPlain;
  config.search.seed = config.seed;
  config.evaluation.seed = config.seed;
  config.evaluation.on_nonfinite = config.search.on_nonfinite;
  config.supernet.pdarts.warmup_epochs = config.search.architecture.start_epoch;
  config.search.attack = attack_of(config.search);
}

ConfigWriter written(Config config) {
  ConfigWriter writer;
  bind(writer, config);
  return writer;
}

/// The name of a run whose file does not give one: one that can be written and read again.
std::string name_of(const std::string& filename) {
  const std::string name = plain_line(fs::path(filename).stem().string(), kLongestName);
  return name.empty() ? Config{}.name : name;
}

bool is_bare_name(const std::string& name) { return name.find('/') == std::string::npos; }

/// What `name` may mean in a folder: itself, and itself with the ending added.
std::vector<fs::path> candidates(const fs::path& folder, const std::string& name) {
  std::vector<fs::path> paths{folder / name};
  if (!name.ends_with(".yaml") && !name.ends_with(".yml")) {
    paths.push_back(folder / (name + ".yaml"));
  }
  return paths;
}

std::vector<std::string> configs_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".yaml") {
      names.push_back(it->path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

[[noreturn]] void not_found(const std::string& name, const std::vector<fs::path>& folders) {
  std::vector<std::string> looked;
  std::vector<std::string> known;
  for (const fs::path& folder : folders) {
    looked.push_back((fs::absolute(folder) / "").lexically_normal().string());
    const std::vector<std::string> here = configs_in(folder);
    known.insert(known.end(), here.begin(), here.end());
  }
  const std::string wanted = fs::path(name).filename().string();
  const std::string similar = nearest(wanted.ends_with(".yaml") ? wanted : wanted + ".yaml", known);
  throw ConfigError("configuration '" + name + "': no such file; looked in " + join(looked) +
                    (similar.empty() ? "" : "; did you mean '" + similar + "'?"));
}

void require(bool holds, const std::string& message) {
  if (!holds) {
    throw ConfigError(message);
  }
}

void check_rates(const std::string& section, const ScheduleOptions& schedule) {
  require(schedule.min_learning_rate <= schedule.learning_rate,
          section + ".min_learning_rate: " + format_number(schedule.min_learning_rate) +
              " is above " + section + ".learning_rate, " + format_number(schedule.learning_rate) +
              "; expected at most that");
}

/// A batch size that was changed without its learning rate.
void warn_of_batch_size(std::vector<std::string>& warnings, const std::string& batch_key,
                        int64_t batch_before, int64_t batch_now, const std::string& rate_key,
                        double rate_before, double rate_now, const std::string& danger) {
  if (batch_before == batch_now || rate_before != rate_now) {
    return;
  }
  const double scaled =
      rate_before * static_cast<double>(batch_now) / static_cast<double>(batch_before);
  warnings.push_back(batch_key + " was changed from " + std::to_string(batch_before) + " to " +
                     std::to_string(batch_now) + ", but not " + rate_key + " (" +
                     format_number(rate_now) + "): " + danger + "; in proportion it would be " +
                     format_number(scaled));
}

}  // namespace

Config parse_config(const std::string& text, const std::string& filename,
                    const std::vector<std::string>& overrides) {
  YamlNode root = parse_yaml(text, {filename});
  require(root.is_map() || root.kind == YamlNode::Kind::kNull,
          filename + ":1: expected keys and values");
  require(root.is_map() || !overrides.empty(), filename + ":1: the configuration is empty");
  expand_presets(root);
  for (const std::string& assignment : overrides) {
    apply_setting(root, assignment);
  }
  Config config;
  config.name = name_of(filename);
  ConfigReader reader(root);
  bind(reader, config);
  reader.finish();
  share_common_values(config);
  return config;
}

fs::path find_config(const std::string& name_or_path, const std::vector<fs::path>& folders) {
  require(!name_or_path.empty(), "--config: expected a name or a path");
  const std::vector<fs::path> bases =
      is_bare_name(name_or_path) ? folders : std::vector<fs::path>{""};
  for (const fs::path& base : bases) {
    for (const fs::path& path : candidates(base, name_or_path)) {
      std::error_code error;
      if (fs::is_regular_file(path, error)) {
        return path.lexically_normal();
      }
    }
  }
  not_found(name_or_path, is_bare_name(name_or_path)
                              ? folders
                              : std::vector<fs::path>{fs::path(name_or_path).parent_path()});
}

Config load_config(const std::string& name_or_path, const std::vector<std::string>& overrides,
                   const std::vector<fs::path>& folders) {
  const fs::path path = find_config(name_or_path, folders);
  std::string text;
  try {
    text = read_text_file(path, YamlLimits{}.bytes);
  } catch (const FileError& error) {
    throw ConfigError(error.what());
  }
  return parse_config(text, path.string(), overrides);
}

std::string to_yaml(const Config& config) { return written(config).yaml(); }

void check_writable(const Config& config) {
  const Config again = parse_config(to_yaml(config), "configuration of the run");
  const std::vector<std::string> changed = changed_keys(config, again);
  if (!changed.empty()) {
    throw ConfigError(changed.front() + ": the value can't be written down; expected one that a " +
                      "configuration can have");
  }
}

bool operator==(const Config& a, const Config& b) { return changed_keys(a, b).empty(); }

std::vector<std::string> config_keys() {
  std::vector<std::string> keys;
  const ConfigWriter writer = written(Config{});
  for (const auto& [key, value] : writer.entries()) {
    keys.push_back(key);
  }
  return keys;
}

std::vector<std::string> changed_keys(const Config& a, const Config& b) {
  const ConfigWriter before = written(a);
  const ConfigWriter after = written(b);
  std::vector<std::string> changed;
  for (size_t i = 0; i < before.entries().size(); ++i) {
    if (before.entries()[i].second != after.entries()[i].second) {
      changed.push_back(before.entries()[i].first);
    }
  }
  return changed;
}

void validate_search(const Config& config) {
  require(config.method == Method::kSanas || config.method == Method::kPlain,
          "method: '" + to_string(config.method) +
              "' is not available in this version; expected sanas or plain");
  const SearchSpace space = make_search_space(config.supernet);
  if (config.supernet.family == "pdarts") {
    validate(config.supernet.pdarts);
    require(!config.search.eigenvalue.stop,
            "search.eigenvalue.stop: the rule goes back to the architecture of an earlier epoch, "
            "where the stages of supernet.family: pdarts go on from that of the last one; expected "
            "false (search.eigenvalue.every only measures), or another family");
  }
  if (config.supernet.family == "prdarts") {
    validate(config.supernet.prdarts, space);
  }
  require(config.search.attack.space == AttackSpace::kPixels ||
              (config.search.attack.norm == AttackNorm::kLinf && config.search.attack.steps > 0),
          "attack.space: normalized is for attack.norm: linf with attack.steps of at least 1");
  validate(config.search);
  check_rates("search.weights", config.search.weights.schedule);
  require(config.dataset.train_portion + config.dataset.validation_portion <= 1.0,
          "dataset.validation_portion: together with dataset.train_portion more than all images; "
          "expected a sum of at most 1");
}

void validate_evaluation(const Config& config) {
  require(config.evaluation.test_on != TestImages::kHoldout || config.dataset.holdout > 0.0,
          "evaluation.test_on: holdout needs images that are held out; set dataset.holdout");
  require(config.evaluation.selection != Selection::kValidation ||
              (config.dataset.holdout > 0.0 && config.evaluation.test_on == TestImages::kTest),
          "evaluation.selection: validation needs held-out images that are not the tested ones; "
          "set dataset.holdout, and evaluation.test_on: test");
  require(config.evaluation.accumulation_steps <= config.evaluation.batch_size,
          "evaluation.accumulation_steps: " + std::to_string(config.evaluation.accumulation_steps) +
              " parts of a batch of " + std::to_string(config.evaluation.batch_size) +
              "; expected at most one per image");
  require(
      config.evaluation.auxiliary_weight == 0.0 || config.evaluation.cells > 1,
      "evaluation.cells: one cell can't reduce the image twice, which the auxiliary head needs; "
      "expected at least 2, or evaluation.auxiliary_weight: 0");
  require(config.evaluation.inference == Inference::kPlain ||
              config.search.attack.loss != AttackLoss::kLabel,
          "evaluation.inference: an image to predict has no label for attack.loss: label; "
          "expected soft or pseudo");
  check_rates("evaluation", config.evaluation.weights.schedule);
}

void validate(const Config& config) {
  validate_search(config);
  validate_evaluation(config);
}

std::string grey_level_warning(const std::string& name, double length) {
  if (length < 1.0) {
    return "";
  }
  const std::string number = format_number(length);
  return name + " is " + number +
         ", but pixels are numbers from 0 to 1, so that every one may become anything; was " +
         number + "/255 meant?";
}

std::vector<std::string> config_warnings(const Config& original, const Config& config) {
  std::vector<std::string> warnings;
  const SearchOptions& search = config.search;
  warn_of_batch_size(warnings, "search.batch_size", original.search.batch_size, search.batch_size,
                     "search.weights.learning_rate", original.search.weights.schedule.learning_rate,
                     search.weights.schedule.learning_rate,
                     "such searches tend to collapse into skip connections");
  warn_of_batch_size(warnings, "evaluation.batch_size", original.evaluation.batch_size,
                     config.evaluation.batch_size, "evaluation.learning_rate",
                     original.evaluation.weights.schedule.learning_rate,
                     config.evaluation.weights.schedule.learning_rate,
                     "accuracies are no longer comparable");
  if (search.weights.schedule.warm_up_epochs >= search.epochs) {
    warnings.push_back("search.weights.warm_up_epochs is " +
                       std::to_string(search.weights.schedule.warm_up_epochs) + " of " +
                       std::to_string(search.epochs) + " epochs: the learning rate only rises");
  }
  if (search.architecture.start_epoch >= search.epochs) {
    warnings.push_back(
        "search.architecture.start_epoch is " + std::to_string(search.architecture.start_epoch) +
        " of " + std::to_string(search.epochs) + " epochs: the architecture will never be updated");
  }
  if (config.method == Method::kSanas && search.attack.loss == AttackLoss::kSoft &&
      !search.attack.random_start) {
    warnings.push_back(
        "attack.random_start is off with attack.loss: soft, whose gradient vanishes where an "
        "attack without it begins: the saliency will be zero");
  }
  if (search.attack.norm == AttackNorm::kLinf) {
    for (const auto& [key, length] : {std::pair("attack.epsilon", search.attack.epsilon),
                                      std::pair("attack.step_size", search.attack.step_size)}) {
      if (const std::string warning = grey_level_warning(key, length); !warning.empty()) {
        warnings.push_back(warning);
      }
    }
  }
  return warnings;
}

}  // namespace sanas
