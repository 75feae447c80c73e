// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "formats/yaml_tree.h"

namespace sanas {

/// Replaces the keys `preset` and `saliency`, whose values (a name or a list of names) stand for
/// groups of settings. Keys that the document has itself win; of two names of a key the later one,
/// and `saliency` before `preset`. Throws ConfigError with the known names for another one.
///
/// Of `preset`, each the conventions of one published code:
/// pr_official: the released code of PR-DARTS (darts-family §9) instead of the supplement's §I.4.
/// betty_compat: the author's later code (method §4), without its noise and its moved weights.
/// madry, torchattacks, foolbox: the l∞ PGD attack with the defaults of these tools, on the label.
///
/// Of `saliency`, the attack and what W2 learns from:
/// paper: signed steps in the l∞ ball, δ ⊙ x (supplement, table 7).
/// alive: an l2 attack, which does not saturate, with the derivative of all its steps; |δ| ⊙ x as
/// bright as x.
void expand_presets(YamlNode& root);

/// apply_override, in which `preset=NAME` and `saliency=NAME` stand for all settings of the preset.
void apply_setting(YamlNode& root, const std::string& assignment);

}  // namespace sanas
