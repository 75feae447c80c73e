// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

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

/// How a program that was stopped by a signal says how to go on.
std::string stopped_text(const std::filesystem::path& folder);

/// A path as a word of a shell's command line.
std::string shell_word(const std::filesystem::path& path);

}  // namespace sanas
