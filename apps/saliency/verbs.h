// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "saliency/map_options.h"

namespace sanas {

/// Makes the maps that `command` asks for, which `app` was given. Returns the exit status.
int make_maps(const CLI::App& app, const MapsCommand& command);

// Verbs; each sets `verb` to what to run when it is chosen on the command line.

/// rate: makes a page on which people rate maps.
void add_rate(CLI::App& app, std::function<int()>& verb);
/// aggregate: what they said.
void add_aggregate(CLI::App& app, std::function<int()>& verb);

}  // namespace sanas
