// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes event files for TensorBoard.

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sanas {

/// A picture as TensorBoard wants it.
struct EncodedImage {
  int64_t height = 0;
  int64_t width = 0;
  std::string png;
};

/// A file of events that TensorBoard reads: `events.out.tfevents.<seconds>.sanas.<process>.<n>`.
/// Everything with a step goes to one file per start of the program; TensorBoard joins those of a
/// folder in the order of their names.
class EventFile {
 public:
  /// Begins a file in `folder` whose name comes after those that are there.
  /// @param first_step what this start of the program does first: points of the older files at
  ///        that step or a later one are dropped by TensorBoard, so that a resumed run shows none
  ///        twice. Throws FileError.
  EventFile(const std::filesystem::path& folder, int64_t first_step);
  /// Flushes; what can't be written then is lost without a word.
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Curves, one per tag; NaN and infinities are kept.
  void add_scalars(int64_t step, const std::vector<std::pair<std::string, double>>& values);
  void add_image(int64_t step, const std::string& tag, const EncodedImage& image);
  /// The distribution of all finite elements, in 30 bins of equal width. Without any, nothing.
  void add_histogram(int64_t step, const std::string& tag, const torch::Tensor& values);

  /// Hands everything to the operating system. Throws FileError.
  void flush();

 private:
  void add_summary(int64_t step, const std::string& summary);
  void add_record(const std::string& event);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string pending_;
};

}  // namespace sanas
