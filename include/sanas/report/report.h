// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes the HTML report of one or several run folders.

#include <filesystem>
#include <string>
#include <vector>

#include "sanas/core/phase.h"

namespace sanas {

/// Everything that runs have produced as one self-contained HTML page, made from their folders
/// alone: what was run and on what, curves, operation weights, cells, costs, heat maps, tables,
/// files and configuration. A search, the trainings of what it found and the maps of these networks
/// are told as one story, in whatever order they are given, with trainings of random genotypes to
/// compare with (docs/report.md); other runs stand side by side. A folder that is no run stands for
/// the runs one or two levels below it. The page needs no network, and nothing that stands in a run
/// folder can add markup to it. What is missing or damaged in a folder is said in the page, and the
/// rest is shown.
/// Throws FileError for a folder that holds nothing of a run, and where `output` can't be written.
/// @param observer of the phase "report", in which each run is read and drawn. Throws Interrupted.
void write_report(const std::vector<std::filesystem::path>& runs,
                  const std::filesystem::path& output, PhaseObserver& observer = nobody());

/// The page itself. Links to files are relative to `folder`.
std::string make_report(const std::vector<std::filesystem::path>& runs,
                        const std::filesystem::path& folder, PhaseObserver& observer = nobody());

}  // namespace sanas
