// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

namespace sanas {

/// Adds --help, in a form that shows types, defaults and what is required, and --version, which
/// says how the program was built. Before verbs are added, which then have the same --help.
void add_help(CLI::App& app);

}  // namespace sanas
