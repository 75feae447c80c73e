// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/run_contents.h"

namespace sanas {

// Parts of a report, each as HTML; empty where the run has nothing of the kind.

/// A few numbers in large print.
std::string overview(const RunContents& run);
/// Program, version, machine, seed and times of every start.
std::string sessions_section(const RunContents& run);
/// Drawings of the cells, and the genotype as text.
std::string cells_section(const Genotype& genotype);
/// One drawing of them. @param title as HTML.
std::string cell_figure(const CellGenotype& cell, const std::string& title);
/// The tests at the end of a training, the confusion matrix, and the accuracy on each class.
std::string test_section(const RunContents& run);
/// Time, passes and memory per update of each level.
std::string cost_section(const RunContents& run);
/// Bytes of pictures that a run may add to a page, which stays below three megabytes with them.
struct PictureRoom {
  size_t left = 1'600'000;
};
/// Sheets of heat maps, other drawings, and tables (*.csv) of the folder; links to the pictures for
/// which no room is left.
std::string pictures_section(const RunContents& run, const std::filesystem::path& page_folder,
                             PictureRoom& room);
/// What the network said of each image of a saliency run.
std::string predictions_section(const RunContents& run);
/// Every key, those changed first; folded.
std::string configuration_section(const RunContents& run);
std::string log_section(const RunContents& run);
/// Links to the files of the folder.
std::string files_section(const RunContents& run, const std::filesystem::path& page_folder);

/// Numbers of several runs in columns, and the keys in which those configurations differ that have
/// them; runs without a configuration are named.
std::string compared_numbers(const std::vector<RunContents>& runs);
std::string compared_configurations(const RunList& runs);
/// The normal and the reduction cells of several runs next to each other.
std::string compared_cells(const std::vector<RunContents>& runs);

}  // namespace sanas
