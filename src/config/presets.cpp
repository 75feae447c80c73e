// SPDX-License-Identifier: Apache-2.0
#include "config/presets.h"

#include <algorithm>
#include <utility>

#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

using Preset = std::pair<std::string, std::vector<std::string>>;

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all{
      {"pr_official",
       {"supernet.family=prdarts", "supernet.channels=16", "supernet.cells=6",
        "supernet.prdarts.temperature_start=1", "supernet.prdarts.temperature_end=0.1",
        "search.epochs=200", "search.batch_size=250", "search.weights.learning_rate=0.025",
        "search.weights.min_learning_rate=0.001", "search.weights.momentum=0.9",
        "search.weights.nesterov=true", "search.weights.weight_decay=5.0e-4",
        "search.architecture.learning_rate=3.0e-4", "search.architecture.weight_decay=1.0e-3",
        "search.architecture_batches=fresh", "search.update_order=weights_first",
        "hypergradient.approximation=finite_difference"}},
      // method §4: 1/1/1, no δ-path, no step sizes, the attack on the label in normalised space.
      {"betty_compat",
       {"search.update_every.weights1=1", "search.update_every.weights2=1",
        "search.update_every.architecture=1", "search.weights.gradient_clip=0",
        "hypergradient.approximation=finite_difference", "hypergradient.implicit=identity",
        "hypergradient.terms.delta_direct=false", "hypergradient.terms.delta_weights1=false",
        "hypergradient.shared_passes=false", "attack.space=normalized", "attack.norm=linf",
        "attack.steps=7", "attack.epsilon=8/255", "attack.step_size=2/255",
        "attack.random_start=true", "attack.loss=label", "reweight=delta"}},
      // Madry et al., 7 steps in training; x − δ is clipped to the ball, then to the pixel range.
      {"madry",
       {"attack.norm=linf", "attack.steps=7", "attack.epsilon=8/255", "attack.step_size=2/255",
        "attack.random_start=true", "attack.loss=label"}},
      // torchattacks.PGD(eps=8/255, alpha=2/255, steps=10, random_start=True).
      {"torchattacks",
       {"attack.norm=linf", "attack.steps=10", "attack.epsilon=8/255", "attack.step_size=2/255",
        "attack.random_start=true", "attack.loss=label"}},
      // foolbox.attacks.LinfPGD: 40 steps of 0.01/0.3 times the radius.
      {"foolbox",
       {"attack.norm=linf", "attack.steps=40", "attack.epsilon=8/255", "attack.step_size=8/7650",
        "attack.random_start=true", "attack.loss=label"}},
  };
  return all;
}

bool has_key(const YamlNode& root, const std::string& path) {
  const YamlNode* node = &root;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    node = node->is_map() ? node->find(path.substr(begin, end - begin)) : nullptr;
    if (node == nullptr) {
      return false;
    }
    begin = end + 1;
  }
  return true;
}

std::vector<std::string> names_in(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) {
    return {node.text};
  }
  std::vector<std::string> names;
  for (const auto& item : node.children) {
    names.push_back(item.text);
  }
  if (node.kind != YamlNode::Kind::kSequence || names.empty()) {
    throw ConfigError(node.where + ": preset: expected a name or a list of names, of " +
                      join(preset_names()));
  }
  return names;
}

}  // namespace

const std::vector<std::string>& preset_assignments(const std::string& name) {
  for (const auto& [known, assignments] : presets()) {
    if (known == name) {
      return assignments;
    }
  }
  throw ConfigError("preset: '" + name + "' is not known; expected one of " + join(preset_names()));
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const auto& preset : presets()) {
    names.push_back(preset.first);
  }
  return names;
}

void expand_presets(YamlNode& root) {
  const YamlNode* node = root.is_map() ? root.find("preset") : nullptr;
  if (node == nullptr) {
    return;
  }
  auto names = names_in(*node);
  const std::string where = node->where;
  const auto index = std::find(root.keys.begin(), root.keys.end(), "preset") - root.keys.begin();
  root.keys.erase(root.keys.begin() + index);
  root.children.erase(root.children.begin() + index);
  std::reverse(names.begin(), names.end());  // what is there already wins
  for (const auto& name : names) {
    try {
      for (const auto& assignment : preset_assignments(name)) {
        if (!has_key(root, assignment.substr(0, assignment.find('=')))) {
          apply_override(root, assignment);
        }
      }
    } catch (const ConfigError& error) {
      throw ConfigError(where + ": " + error.what());
    }
  }
}

void apply_setting(YamlNode& root, const std::string& assignment) {
  constexpr const char* kKey = "preset=";
  if (!assignment.starts_with(kKey)) {
    apply_override(root, assignment);
    return;
  }
  for (const auto& one : preset_assignments(assignment.substr(std::string(kKey).size()))) {
    apply_override(root, one);
  }
}

}  // namespace sanas
