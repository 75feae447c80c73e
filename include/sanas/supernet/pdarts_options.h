// SPDX-License-Identifier: Apache-2.0
#pragma once

// The options of P-DARTS: its stages.

#include <cstdint>
#include <vector>

#include "sanas/genotype/search_space.h"

namespace sanas {

/// The stages of a P-DARTS search (darts-family §7, supplement §I.3). Every stage is a new network
/// on new architecture variables; only the space goes from one to the next. With a base of 5 cells
/// (SupernetOptions::cells) the defaults are the paper's 5, 11 and 17 cells and 8 → 5 → 3 → 1
/// operations per edge. The lists have one entry per stage.
struct PdartsOptions {
  /// The stage that a network is built for, from 0.
  int64_t stage = 0;
  /// Cells more than in the base network.
  std::vector<int64_t> added_cells{0, 6, 12};
  /// Channels more than in the base network.
  std::vector<int64_t> added_channels{0, 0, 0};
  /// Dropout on skip connections at the beginning: these values for CIFAR-10; 0.1, 0.2, 0.3 for
  /// CIFAR-100 (supplement §I.3); 0.1, 0.4, 0.7 in the original's README.
  std::vector<double> skip_dropout{0.0, 0.4, 0.7};
  /// Operations per edge that survive a stage; the last stage always leaves 1.
  std::vector<int64_t> kept_operations{5, 3, 1};
  /// Skip connections that the normal cell of the product may have (darts-family §7.6).
  int max_skips = 2;

  int64_t stages() const { return static_cast<int64_t>(added_cells.size()); }
};

/// Throws ConfigError unless all lists are equally long, rates are in [0, 1), fewer and fewer
/// operations survive, the last stage leaves one, and `stage` exists.
void validate(const PdartsOptions& options);

/// Dropout rate on skip connections in epoch 0 … epochs − 1 of a stage (darts-family §7.3): falls
/// linearly during the warm-up, jumps back to `initial` after it and decays exponentially.
/// @param initial the stage's entry of PdartsOptions::skip_dropout.
double skip_dropout_rate(double initial, int64_t epoch, int64_t epochs, int64_t warmup_epochs);

}  // namespace sanas
