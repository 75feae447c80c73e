// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/prdarts_options.h"

#include <string>

#include "sanas/core/error.h"

namespace sanas {

void validate(const PrdartsOptions& options, const SearchSpace& space) {
  const auto require = [](bool fine, const std::string& key, const std::string& expected) {
    if (!fine) {
      throw ConfigError("supernet.prdarts." + key + ": expected " + expected);
    }
  };
  require(options.temperature_start > 0.0, "temperature_start", "a value above 0");
  require(options.temperature_end > 0.0, "temperature_end", "a value above 0");
  require(options.stretch_low < 0.0, "stretch_low", "a value below 0");
  require(options.stretch_high > 1.0, "stretch_high", "a value above 1");
  require(options.gate_dropout >= 0.0 && options.gate_dropout < 1.0, "gate_dropout",
          "at least 0 and below 1");
  require(options.sampled_operations >= 1 && options.sampled_operations <= space.operations(),
          "sampled_operations",
          "1 to " + std::to_string(space.operations()) + ", the operations per edge of space " +
              space.name);
}

double gate_temperature(const PrdartsOptions& options, int64_t epoch, int64_t epochs) {
  if (epochs <= 1) {
    return options.temperature_start;
  }
  const double progress = static_cast<double>(epoch) / static_cast<double>(epochs - 1);
  return options.temperature_start -
         (options.temperature_start - options.temperature_end) * progress;
}

}  // namespace sanas
