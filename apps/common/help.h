// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace sanas {

/// Adds --help, in a form that shows types, defaults and what is required, and --version, which
/// says how the program was built. Before verbs are added, which then have the same --help.
void add_help(CLI::App& app);

/// Command lines that --help of a program or verb begins with, each without the names of both.
/// After the verbs were added, which would otherwise begin with them, too.
void add_examples(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace sanas
