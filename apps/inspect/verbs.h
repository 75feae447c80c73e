// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace sanas {

// Each adds one verb to the program; when it is chosen on the command line, `verb` becomes what to
// run.

/// count: parameters and multiply-adds of a genotype's network or of a search network.
void add_count(CLI::App& app, std::function<void()>& verb);
/// genotype: prints or draws a genotype.
void add_genotype(CLI::App& app, std::function<void()>& verb);
/// derive: architecture variables to a genotype.
void add_derive(CLI::App& app, std::function<void()>& verb);
/// convert: a weight file to another format.
void add_convert(CLI::App& app, std::function<void()>& verb);
/// report: one page of everything that runs have produced.
void add_report(CLI::App& app, std::function<void()>& verb);
/// The verbs of sanas_probe: handed over to the program beside this one, with all of `argv`.
void add_handed_over(CLI::App& app, char** argv, std::function<void()>& verb);

}  // namespace sanas
