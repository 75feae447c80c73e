// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

#include "common/machine_options.h"
#include "sanas/runs/saliency_run.h"

namespace sanas {

/// The command line of maps, and what of it needs a second look.
struct MapsCommand {
  SaliencyOptions options;
  MachineOptions machine{"auto", 0, 0};
  SaliencyMetricsOptions metrics;
  bool measure = false;
  uint64_t memory_limit = uint64_t{2} << 30U;
};

/// Adds all options of maps.
void add_map_options(CLI::App& app, MapsCommand& command);

/// An option that says nothing without something else is a mistake of the one who typed it. Throws
/// ConfigError.
void check_options_apply(const CLI::App& app, const MapsCommand& command);

}  // namespace sanas
