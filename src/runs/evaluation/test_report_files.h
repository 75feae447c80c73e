// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/json_lines.h"
#include "runs/run_folder.h"
#include "sanas/core/log.h"
#include "sanas/runs/test_report.h"

namespace sanas {

/// Writes test_report.json, confusion.tsv and test_accuracy.txt into the run folder, a line per way
/// of predicting into the metrics, and the description into the log. Throws FileError.
void write_test_report(const TestReport& report, const RunFolder& folder, JsonLinesFile& metrics,
                       Log& log);

}  // namespace sanas
