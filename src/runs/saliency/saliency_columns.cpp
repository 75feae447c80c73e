// SPDX-License-Identifier: Apache-2.0
#include "runs/saliency/saliency_columns.h"

#include <set>

#include "core/format.h"
#include "files/folders.h"
#include "report/run_files.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

// Of l2 attacks that look for what matters, in pixels of an image.
constexpr double kL2Radius = 0.5;
constexpr double kL2Step = 0.25;

/// "NAME=FILE", or a file, which is then named after its run.
NamedCheckpoint parse_checkpoint(const std::string& text) {
  const auto equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && !fs::exists(text)) {
    return {text.substr(0, equals), text.substr(equals + 1), {}};
  }
  const fs::path file = fs::path(text).lexically_normal();
  const fs::path folder = file.parent_path();
  const bool of_run = folder.filename() == run_files::kCheckpoints && folder.has_parent_path();
  const fs::path name = of_run ? folder.parent_path().filename() : file.stem();
  return {name.empty() ? file.stem().string() : name.string(), file, {}};
}

/// With the usual lengths, as those of one norm mean nothing in the other.
void use_norm(AttackNorm norm, AttackOptions& attack) {
  const bool l2 = norm == AttackNorm::kL2;
  attack.norm = norm;
  attack.epsilon = l2 ? kL2Radius : AttackOptions{}.epsilon;
  attack.step_size = l2 ? kL2Step : AttackOptions{}.step_size;
}

AttackOptions preset_of(const SaliencyOptions& options, const CheckpointInfo& info) {
  AttackOptions attack;
  switch (options.preset) {
    case SaliencyPreset::kAlive:
      use_norm(AttackNorm::kL2, attack);
      attack.steps = 7;
      attack.loss = AttackLoss::kSoft;
      break;
    case SaliencyPreset::kPaper:
      break;  // the defaults
    case SaliencyPreset::kCheckpoint:
      attack = attack_of(info.config.search);
      attack.space = AttackSpace::kPixels;
      break;
  }
  return attack;
}

SaliencyMethodOptions method_options(const SaliencyOptions& options,
                                     const ExplainedCheckpoint& checkpoint) {
  const CheckpointInfo& info = checkpoint.info;
  SaliencyMethodOptions result;
  result.attack = preset_of(options, info);
  result.attack.steps = options.attack.steps.value_or(result.attack.steps);
  result.attack.loss = options.attack.loss.value_or(result.attack.loss);
  if (options.attack.norm && *options.attack.norm != result.attack.norm) {
    use_norm(*options.attack.norm, result.attack);
  }
  result.attack.epsilon = options.attack.epsilon.value_or(result.attack.epsilon);
  result.attack.step_size = options.attack.step_size.value_or(result.attack.step_size);
  result.starts = options.attack.starts.value_or(1);
  result.smoothing = options.attack.smoothing.value_or(0.0);
  result.smoothgrad = options.smoothgrad;
  result.integrated_gradients.steps = options.path_steps;
  if (options.path_baseline == PathBaseline::kMean) {
    result.integrated_gradients.baseline = info.normalization.mean;
  }
  return result;
}

/// No longer than the system allows, and none of those that are taken.
std::string folder_name(const std::string& column, std::set<std::string>& taken) {
  constexpr size_t kLongest = 100;
  const std::string text = safe_name(column, NameCharacters::kNoOther).substr(0, kLongest);
  std::string name = text;
  for (int64_t i = 2; !taken.insert(name).second; ++i) {
    name = text + "-" + std::to_string(i);
  }
  return name;
}

std::string shape_text(const ExplainedCheckpoint& checkpoint) {
  return format("%zu classes and %lld×%lld pixels", checkpoint.info.classes.size(),
                static_cast<long long>(checkpoint.width()),
                static_cast<long long>(checkpoint.height()));
}

}  // namespace

torch::Tensor SaliencyColumn::reduced(const torch::Tensor& values) const {
  return reduce_color(values.to(torch::kCPU), reduction).to(torch::kDouble);
}

std::vector<NamedCheckpoint> load_checkpoints(const std::vector<std::string>& named_files,
                                              const torch::Device& device, torch::ScalarType type) {
  std::vector<NamedCheckpoint> all;
  std::set<std::string> names;
  for (const auto& text : named_files) {
    auto named = parse_checkpoint(text);
    if (!names.insert(named.name).second) {
      throw ConfigError("two checkpoints are called '" + named.name +
                        "': name them, as in --checkpoint NAME=FILE");
    }
    named.checkpoint = load_explained_checkpoint(named.file, device, type);
    all.push_back(std::move(named));
  }
  return all;
}

std::vector<SaliencyColumn> make_columns(const SaliencyOptions& options,
                                         const std::vector<NamedCheckpoint>& checkpoints) {
  std::vector<SaliencyColumn> columns;
  std::set<std::string> names;
  std::set<std::string> folders;
  for (const auto& named : checkpoints) {
    for (const auto method : options.methods) {
      SaliencyColumn column{.name = to_string(method),
                            .method = method,
                            .options = method_options(options, named.checkpoint),
                            .target = options.target,
                            .seed = options.seed,
                            .reduction = options.display.reduction,
                            .checkpoint = &named.checkpoint,
                            .file = named.file,
                            .folder = options.output};
      if (checkpoints.size() > 1) {
        column.name =
            options.methods.size() > 1 ? named.name + " " + to_string(method) : named.name;
      }
      if (!names.insert(column.name).second) {
        throw ConfigError("column '" + column.name + "' is asked for twice");
      }
      if (checkpoints.size() * options.methods.size() > 1) {
        column.folder /= folder_name(column.name, folders);
      }
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

void check_labels(const std::vector<int64_t>& labels, const SaliencyColumn& column) {
  const auto classes = static_cast<int64_t>(column.checkpoint->info.classes.size());
  for (const int64_t label : labels) {
    if (label >= classes) {
      throw ConfigError("the images have a class " + std::to_string(label) + ", but " +
                        column.file.string() + " knows " + std::to_string(classes));
    }
    if (label < 0 && column.target == SaliencyTarget::kTrue) {
      throw ConfigError("--target true needs labelled images; use --target predicted");
    }
    if (label < 0 && column.method == SaliencyMethod::kPgd &&
        column.options.attack.loss == AttackLoss::kLabel) {
      throw ConfigError("the attack loss 'label' needs labelled images; use --loss soft or pseudo");
    }
  }
}

void check_comparable(const fs::path& file, const std::vector<SaliencyColumn>& columns,
                      const torch::Device& device, torch::ScalarType type) {
  if (file.empty()) {
    return;
  }
  const auto other = load_explained_checkpoint(file, device, type);
  for (const auto& column : columns) {
    if (shape_text(other) != shape_text(*column.checkpoint)) {
      throw ConfigError(file.string() + ": a network for " + shape_text(other) +
                        " can't be compared with " + column.file.string() + ", one for " +
                        shape_text(*column.checkpoint));
    }
  }
}

}  // namespace sanas
