// SPDX-License-Identifier: Apache-2.0
#include "config/presets.h"

#include <algorithm>
#include <utility>

#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

using Preset = std::pair<std::string, std::vector<std::string>>;

/// A key whose values stand for groups of settings.
struct PresetKey {
  std::string key;
  std::vector<Preset> presets;
};

const std::vector<Preset>& saliency_presets() {
  static const std::vector<Preset> all{
      // Supplement table 7: |δ| is at its limit nearly everywhere, and signs have no derivative.
      {"paper",
       {"attack.norm=linf", "attack.steps=7", "attack.epsilon=8/255", "attack.step_size=2/255",
        "attack.random_start=true", "attack.loss=soft", "attack.detach_target=false",
        "attack.jacobian=straight_through", "reweight=delta", "reweight_normalization=none"}},
      // What was measured to give maps that mean something and a path that carries
      // (mathematics.md).
      {"alive",
       {"attack.norm=l2", "attack.steps=3", "attack.epsilon=1/2", "attack.step_size=1/2",
        "attack.random_start=true", "attack.loss=soft", "attack.detach_target=false",
        "attack.jacobian=exact", "reweight=abs", "reweight_normalization=unit_mean"}},
  };
  return all;
}

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

/// A document may have both; what comes first wins.
const std::vector<PresetKey>& preset_keys() {
  static const std::vector<PresetKey> all{{"saliency", saliency_presets()}, {"preset", presets()}};
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

std::vector<std::string> preset_names(const PresetKey& key) {
  std::vector<std::string> names;
  for (const auto& preset : key.presets) {
    names.push_back(preset.first);
  }
  return names;
}

const std::vector<std::string>& assignments_of(const PresetKey& key, const std::string& name) {
  for (const auto& [known, assignments] : key.presets) {
    if (known == name) {
      return assignments;
    }
  }
  throw ConfigError(key.key + ": '" + name + "' is not known; expected one of " +
                    join(preset_names(key)));
}

std::vector<std::string> names_in(const YamlNode& node, const PresetKey& key) {
  if (node.kind == YamlNode::Kind::kScalar) {
    return {node.text};
  }
  std::vector<std::string> names;
  for (const auto& item : node.children) {
    names.push_back(item.text);
  }
  if (node.kind != YamlNode::Kind::kSequence || names.empty()) {
    throw ConfigError(node.where + ": " + key.key + ": expected a name or a list of names, of " +
                      join(preset_names(key)));
  }
  return names;
}

void expand(YamlNode& root, const PresetKey& key) {
  const YamlNode* node = root.is_map() ? root.find(key.key) : nullptr;
  if (node == nullptr) {
    return;
  }
  auto names = names_in(*node, key);
  const std::string where = node->where;
  const auto index = std::find(root.keys.begin(), root.keys.end(), key.key) - root.keys.begin();
  root.keys.erase(root.keys.begin() + index);
  root.children.erase(root.children.begin() + index);
  std::reverse(names.begin(), names.end());  // what is there already wins
  for (const auto& name : names) {
    try {
      for (const auto& assignment : assignments_of(key, name)) {
        if (!has_key(root, assignment.substr(0, assignment.find('=')))) {
          apply_override(root, assignment);
        }
      }
    } catch (const ConfigError& error) {
      throw ConfigError(where + ": " + error.what());
    }
  }
}

}  // namespace

void expand_presets(YamlNode& root) {
  for (const auto& key : preset_keys()) {
    expand(root, key);
  }
}

void apply_setting(YamlNode& root, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  for (const auto& key : preset_keys()) {
    if (equals != std::string::npos && assignment.substr(0, equals) == key.key) {
      for (const auto& one : assignments_of(key, assignment.substr(equals + 1))) {
        apply_override(root, one);
      }
      return;
    }
  }
  apply_override(root, assignment);
}

}  // namespace sanas
