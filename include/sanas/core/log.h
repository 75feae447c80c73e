// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace sanas {

/// Lines for a person: to standard error and, once `add_file` was called, to a log file as well.
/// Safe to use from several threads.
class Log {
 public:
  /// `quiet` keeps information off standard error; warnings and errors are always shown.
  explicit Log(bool quiet = false);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Appends every later line to `path` with its time. Throws FileError if it can't be opened.
  void add_file(const std::filesystem::path& path);

  void info(const std::string& line);
  void warn(const std::string& line);
  void error(const std::string& line);
  void flush();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sanas
