// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "files/folder_lock.h"
#include "report/run_files.h"

namespace sanas {

/// How a run folder is opened.
enum class RunFolderMode {
  kCreate,  ///< a new run: nothing that is there is overwritten
  kResume,  ///< the run that is there goes on
};

/// The folder that holds everything a run writes: `config.yaml`, `log.txt`, `metrics.jsonl`,
/// `genotype.txt`, `checkpoints/`, `cells/`, … While the object lives, the folder is locked, so
/// that two processes can't spoil one run.
class RunFolder {
 public:
  /// Creates the folder and its subfolders where they are missing. Throws FileError that names the
  /// folder if it can't be written, another process works in it, it holds files already (kCreate),
  /// or it holds no run (kResume). Temporary files of a killed process are removed.
  RunFolder(std::filesystem::path path, RunFolderMode mode);

  const std::filesystem::path& path() const { return path_; }
  /// Where the file of that name (relative, inside the folder) belongs.
  std::filesystem::path path(const std::string& name) const;
  std::filesystem::path checkpoints() const { return path_ / run_files::kCheckpoints; }
  std::filesystem::path cells() const { return path_ / run_files::kCells; }

  /// Writes a file of the folder atomically. Throws FileError.
  void write_text(const std::string& name, std::string_view content) const;
  /// Removes a file of the folder, if it is there. Throws FileError.
  void remove(const std::string& name) const;

 private:
  std::filesystem::path path_;
  std::unique_ptr<FolderLock> lock_;
};

}  // namespace sanas
