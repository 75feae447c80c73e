// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the accuracies of several trainings from a file.

#include <filesystem>
#include <vector>

namespace sanas {

/// Accuracies of several trainings as fractions in [0, 1]: from a sweep's folder or its
/// results.tsv, from other columns separated by tabs or commas under a heading with `accuracy`, or
/// from one number per line. Line ends of Windows, a byte order mark, empty lines and lines that
/// begin with # do not matter.
///
/// The unit is that of the whole file: fractions where all numbers are from 0 to 1, per cent where
/// all are above 1 (up to 100) or have a % behind them. Throws FileError that names the line of
/// anything else: a mixture of both, several columns without a heading, a decimal comma.
std::vector<double> read_accuracies(const std::filesystem::path& path);

}  // namespace sanas
