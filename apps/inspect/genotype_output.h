// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "sanas/genotype/genotype.h"

namespace sanas {

/// Adds --format and --out.
void add_genotype_output(CLI::App& command, std::string& format, std::string& output);

/// A genotype as "text", "json" or "dot", with a newline at the end.
std::string genotype_text(const Genotype& genotype, const std::string& format);

/// Writes it to a file, or to standard output if `output` is empty. "svg" and "pdf"
/// make one file per cell.
void write_genotype(const Genotype& genotype, const std::string& format, const std::string& output);

}  // namespace sanas
