// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sanas {

/// A list of groups of named numbers, e.g. the weights of the operations of each edge.
using NumberGroups = std::vector<std::vector<std::pair<std::string, double>>>;

using JsonValue = std::variant<bool, int64_t, double, std::string, NumberGroups>;

/// One line of a metrics file: values by key, in this order.
using JsonRecord = std::vector<std::pair<std::string, JsonValue>>;

/// An append-only file of one JSON object per line (`metrics.jsonl`). Each line reaches the
/// operating system in one write before `write` returns, so that a reader sees whole lines while
/// the run goes on and a killed process loses none.
///
/// JSON has no NaN and no infinity: such a number becomes null, and the object gets a last member
/// `"nonfinite": {"<key>": "nan" | "inf" | "-inf", …}` that says what it was; in a group it is just
/// null.
///
/// Safe to use from several threads.
class JsonLinesFile {
 public:
  /// Opens `path` to go on after its last whole line (`append`; a line cut by a crash is removed)
  /// or to begin anew. Throws FileError.
  JsonLinesFile(std::filesystem::path path, bool append);
  ~JsonLinesFile();
  JsonLinesFile(const JsonLinesFile&) = delete;
  JsonLinesFile& operator=(const JsonLinesFile&) = delete;

  /// Appends one line. Keys must differ, and none may be "nonfinite". Throws FileError, for example
  /// when the disk is full; the file then still ends with its last whole line.
  void write(const JsonRecord& record);

  /// Lines in the file: a checkpoint keeps the number, to return here.
  uint64_t position() const;

  /// Removes every line after the first `position` ones, as a resumed run does with those that it
  /// will write again. Throws FileError if there are fewer.
  void truncate_to(uint64_t position);

  /// Waits until everything is on disk. Called before a checkpoint that keeps `position`.
  void sync();

 private:
  void write_line(const std::string& line);
  void cut(uint64_t lines, uint64_t bytes);

  std::filesystem::path path_;
  int descriptor_;
  uint64_t lines_ = 0;
  uint64_t bytes_ = 0;
  mutable std::mutex mutex_;
};

/// The line without its end, for other places that want the same JSON.
std::string to_json(const JsonRecord& record);

}  // namespace sanas
