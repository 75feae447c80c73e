// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "sanas/core/log.h"
#include "sanas/runs/run_options.h"

namespace sanas {

/// Where a program writes: the folder that the user named, or a new one below `runs`. One that was
/// made here and got nothing, because the run was refused, goes with the object.
class OutputFolder {
 public:
  /// @param named the folder of --out; empty: one is made. @param name what a new one is called by.
  OutputFolder(std::filesystem::path named, const std::string& name);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  bool is_made_here_;  // before path_, which takes the argument
  std::filesystem::path path_;
};

/// Says what is left to say at the end of a run: where it lies, or how to go on where a signal
/// stopped it. Returns the exit status.
int end_of_run(RunOutcome outcome, const std::filesystem::path& folder, Log& log);

}  // namespace sanas
