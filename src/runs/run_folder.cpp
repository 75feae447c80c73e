// SPDX-License-Identifier: Apache-2.0
#include "runs/run_folder.h"

#include <torch/types.h>

#include <utility>

#include "files/folders.h"
#include "report/run_files.h"
#include "sanas/core/error.h"
#include "sanas/files/atomic_file.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhat = "the run folder";

/// Refuses to start a run where files are. Empty subfolders and temporary files are left by a run
/// that ended before its first file.
void check_is_free(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    throw FileError(folder.string() + ": is a file, a run needs a folder");
  }
  if (fs::exists(folder / run_files::kConfig, error)) {
    throw FileError(folder.string() +
                    ": already holds a run; continue it with --resume or choose another --out");
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (!entry.is_directory(error) && entry.path() != folder / FolderLock::kName &&
        !is_temporary_file(entry.path())) {
      throw FileError(folder.string() + ": holds files already, e.g. " +
                      entry.path().lexically_relative(folder).string() +
                      "; choose another --out, nothing is overwritten");
    }
  }
}

void check_holds_run(const fs::path& folder) {
  if (!is_file(folder / run_files::kConfig)) {
    throw FileError(folder.string() +
                    ": holds no run to resume (no config.yaml); start it without --resume");
  }
}

}  // namespace

RunFolder::RunFolder(fs::path path, RunFolderMode mode) : path_(std::move(path)) {
  if (mode == RunFolderMode::kCreate) {
    check_is_free(path_);  // before anything is made there
    make_folder(path_, kWhat);
  } else {
    check_holds_run(path_);
  }
  lock_ = std::make_unique<FolderLock>(path_);
  if (mode == RunFolderMode::kCreate) {
    check_is_free(path_);  // another process may have been faster
  }
  for (const auto& folder : {checkpoints(), cells()}) {
    make_folder(folder, kWhat);
  }
  for (const auto& folder : {path_, checkpoints(), cells()}) {
    remove_stale_temporary_files(folder);
  }
}

fs::path RunFolder::path(const std::string& name) const {
  TORCH_CHECK(is_inner_path(name), "'", name, "' is no name inside a run folder");
  return path_ / fs::path(name).lexically_normal();
}

void RunFolder::write_text(const std::string& name, std::string_view content) const {
  write_file_atomically(path(name), content);
}

void RunFolder::remove(const std::string& name) const {
  std::error_code error;
  fs::remove(path(name), error);
  if (error) {
    throw FileError(path(name).string() + ": can't be removed: " + error.message());
  }
}

}  // namespace sanas
