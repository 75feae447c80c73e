// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lines for a person, on standard error and in a log file.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace sanas {

/// Lines for a person: to standard error and, once `add_file` was called, to a log file as well.
/// Safe to use from several threads.
class Log {
 public:
  /// `quiet` keeps information off standard error; warnings and errors are always shown.
  explicit Log(bool quiet = false);
  bool quiet() const;
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Appends every later line to `path` with its time. Throws FileError if it can't be opened.
  void add_file(const std::filesystem::path& path);

  /// From now on `hide` is called before every line, so that a progress bar can leave the screen's
  /// last line to it. `bar` is whose it is, for remove_bar.
  void add_bar(const void* bar, std::function<void()> hide);
  void remove_bar(const void* bar);

  void info(const std::string& line);
  void warn(const std::string& line);
  void error(const std::string& line);
  void flush();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sanas
