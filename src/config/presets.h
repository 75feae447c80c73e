// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "formats/yaml_tree.h"

namespace sanas {

/// Named groups of settings, each the conventions of one published code. Throws ConfigError with
/// the known names for another one.
///
/// pr_official: the released code of PR-DARTS (darts-family §9) instead of the supplement's §I.4.
/// betty_compat: the author's later code (method §4), without its noise and its moved weights.
/// madry, torchattacks, foolbox: the l∞ PGD attack with the defaults of these tools, on the label.
const std::vector<std::string>& preset_assignments(const std::string& name);

std::vector<std::string> preset_names();

/// Replaces the key `preset` (a name or a list of names) by what it stands for. Keys that the
/// document has itself win; of two presets the later one.
void expand_presets(YamlNode& root);

/// apply_override, in which `preset=NAME` stands for all of the preset's settings.
void apply_setting(YamlNode& root, const std::string& assignment);

}  // namespace sanas
