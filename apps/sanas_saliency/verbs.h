// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace sanas {

// What the program can do; each sets `verb` to what to run.

/// Without a verb: makes the maps of images.
void add_maps(CLI::App& app, std::function<int()>& verb);
/// rate: makes a page on which people rate maps.
void add_rate(CLI::App& app, std::function<int()>& verb);
/// aggregate: what they said.
void add_aggregate(CLI::App& app, std::function<int()>& verb);

}  // namespace sanas
