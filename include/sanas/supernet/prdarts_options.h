// SPDX-License-Identifier: Apache-2.0
#pragma once

// The options of PR-DARTS: its gates and its regulariser.

#include <cstdint>

#include "sanas/genotype/search_space.h"

namespace sanas {

/// PR-DARTS (supplement §I.4, darts-family §9). The network has SupernetOptions::cells cells with
/// reductions at a third and two thirds of them: 8 as in the supplement, or 6 for the released
/// code's [C]·2, [2C]·2, [4C]·2.
struct PrdartsOptions {
  /// τ falls linearly over the epochs: 10 → 0.1 as in the supplement, 1 → 0.1 in the released code.
  double temperature_start = 10.0;
  double temperature_end = 0.1;
  /// The gate is stretched to (a, b) and clamped to [0, 1]: a < 0, b > 1.
  double stretch_low = -0.1;
  double stretch_high = 1.1;
  /// Operations that each edge samples in a forward pass.
  int64_t sampled_operations = 2;
  /// Probability with which an operation is put behind all others in the sampling; 0: none is, and
  /// ties are broken at random only where they are certain.
  double gate_dropout = 0.4;
  /// λ1 (skip connections), λ2 (pooling, and convolutions with `none`), λ3 (depth of the path).
  double skip_penalty = 0.01;
  double group_penalty = 0.005;
  double depth_reward = 0.005;
  /// Probability up to which a group is not penalised.
  double penalty_threshold = 0.2;
};

/// Throws ConfigError for values out of range, or where `space` has fewer operations per edge than
/// are sampled.
void validate(const PrdartsOptions& options, const SearchSpace& space);

/// τ in epoch 0 … epochs − 1 (darts-family §9.4).
double gate_temperature(const PrdartsOptions& options, int64_t epoch, int64_t epochs);

}  // namespace sanas
