// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/pdarts_options.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "sanas/core/error.h"

namespace sanas {
namespace {

void require(bool fine, const std::string& key, const std::string& expected) {
  if (!fine) {
    throw ConfigError("supernet.pdarts." + key + ": expected " + expected);
  }
}

}  // namespace

void validate(const PdartsOptions& options) {
  const auto stages = options.added_cells.size();
  const std::string one_each =
      "one value per stage, as many as in added_cells (" + std::to_string(stages) + ", at least 1)";
  require(stages >= 1, "added_cells", "at least one stage");
  require(options.added_channels.size() == stages, "added_channels", one_each);
  require(options.skip_dropout.size() == stages, "skip_dropout", one_each);
  require(options.kept_operations.size() == stages, "kept_operations", one_each);
  require(options.stage >= 0 && options.stage < options.stages(), "stage",
          "0 to " + std::to_string(stages - 1));
  for (const double rate : options.skip_dropout) {
    require(rate >= 0.0 && rate < 1.0, "skip_dropout", "rates of at least 0 and below 1");
  }
  const auto& kept = options.kept_operations;
  const bool falls =
      std::adjacent_find(kept.begin(), kept.end(), std::less_equal<>()) == kept.end();
  require(falls && kept.back() == 1, "kept_operations", "falling numbers that end with 1");
  require(options.max_skips >= 0, "max_skips", "at least 0");
}

double skip_dropout_rate(double initial, int64_t epoch, int64_t epochs, int64_t warmup_epochs) {
  constexpr double kDecay = 0.2;
  if (epoch < warmup_epochs) {
    return initial * static_cast<double>(epochs - epoch - 1) / static_cast<double>(epochs);
  }
  return initial * std::exp(-kDecay * static_cast<double>(epoch - warmup_epochs));
}

}  // namespace sanas
