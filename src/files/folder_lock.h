// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace sanas {

/// While it lives no other process gets one for the same folder. The lock (`.lock` in the folder)
/// is one of the system, which frees it even when the process is killed.
class FolderLock {
 public:
  /// Throws FileError that names the folder if another process works in it, or it can't be written.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  static constexpr const char* kName = ".lock";

 private:
  int descriptor_;
};

}  // namespace sanas
