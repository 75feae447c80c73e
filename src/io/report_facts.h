// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report_run.h"

namespace sanas {

/// Names and values of what a run has come to: epochs, accuracies, sizes, time; as plain text.
std::vector<std::pair<std::string, std::string>> facts_of(const ReportRun& run);

/// The last number of that key in the records of a phase.
std::optional<double> last_number(const ReportRun& run, const std::string& phase,
                                  const std::string& key);

/// "12.5 MiB", "1,234,567".
std::string bytes_text(double bytes);
std::string count_text(double count);

/// Keys and values of a configuration, in the order in which they are written.
std::vector<std::pair<std::string, std::string>> config_entries(Config config);

}  // namespace sanas
