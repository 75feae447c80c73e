// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "files/folder_lock.h"
#include "sanas/core/stopwatch.h"
#include "sanas/runs/search_run.h"

namespace sanas {

// For what consists of several runs, each in a folder below `options.out`.

/// Whether the run in `folder` was begun with this configuration. Keys that are younger than the
/// run have their defaults.
bool was_asked_for(const std::filesystem::path& folder, const Config& config);

/// Whether the training in `folder` is over and was asked for in the same way. One that is over and
/// was asked for otherwise has to be gone on with, which says what may not have changed.
bool is_done(const std::filesystem::path& folder, const Config& config, const Genotype& genotype);

/// Tells how many of the runs are done, and how long the others may take.
class PartsClock {
 public:
  explicit PartsClock(size_t parts) : parts_(parts) {}

  /// "3 of 10, about 1:20:00 to go": of the next part.
  std::string next() const;
  /// @param worked false: it was done before, and took no time.
  void finish_part(bool worked);

 private:
  size_t parts_;
  size_t done_ = 0;
  size_t worked_ = 0;
  Stopwatch watch_;
};

/// Writes report.html of the runs below `folder` side by side, unless they are too many for a page.
void report_parts(const std::filesystem::path& folder, size_t runs, Log& log);

/// Makes `options.out`, keeps other processes away from it and removes what a killed one left half
/// written. Throws FileError if it holds files
/// already and is not to be gone on with, holds a run that is not among `parts` or nothing to go on
/// with, can't be written, or is another process's.
/// @param parts the names of the runs' folders.
std::unique_ptr<FolderLock> begin_parts(const RunOptions& options,
                                        const std::vector<std::string>& parts);

}  // namespace sanas
