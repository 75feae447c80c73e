// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sanas/core/log.h"
#include "sanas/formats/named_tensors.h"

namespace sanas {

/// A checkpoint that was read, and the file that it is from.
struct LoadedCheckpoint {
  NamedTensors tensors;
  std::string source;
};

/// The checkpoints of a run in a folder of their own:
///
///     last.safetensors           the newest
///     step-00000120.safetensors  what was the newest before, as many as `keep` allows
///     best.safetensors           the one with the highest score
///
/// Each file is written atomically and carries a checksum. The newest one gets a second name before
/// a newer one takes its place, so that whatever happens in between a good one is there.
class CheckpointStore {
 public:
  using Check = std::function<void(const LoadedCheckpoint&)>;

  /// @param keep at least 1: `last` and `keep` − 1 earlier ones.
  CheckpointStore(std::filesystem::path folder, int64_t keep);

  /// The newest checkpoint that is whole and passes `check`, which throws FileError for one that is
  /// of no use; for each that is passed over, a warning goes to `log`. Nothing if there are no
  /// checkpoints. Throws FileError if none is good. Changes no file.
  std::optional<LoadedCheckpoint> load(Log& log, const Check& check = {});

  /// Whether there are checkpoints, good or bad.
  bool holds_any() const;

  /// Writes a checkpoint. Throws FileError; the checkpoints that are there are then untouched.
  /// @param name of this state, for the time when it is no longer the last. It begins with "step-"
  ///     or "stage-", and the names of later states come later in alphabetical order.
  /// @param score how good it is; the best one so far becomes `best`.
  void save(NamedTensors checkpoint, const std::string& name, std::optional<double> score = {});

  /// Scores of what follows are not compared with those before.
  void forget_best() { best_score_.reset(); }

  /// Of the newest good state; empty if there is none.
  const std::string& last_name() const { return last_name_; }

  std::filesystem::path last() const { return folder_ / "last.safetensors"; }
  std::filesystem::path best() const { return folder_ / "best.safetensors"; }

 private:
  std::filesystem::path earlier(const std::string& name) const;
  /// Newest first.
  std::vector<std::filesystem::path> all_earlier() const;
  void keep_last() const;
  void remove_old();

  std::filesystem::path folder_;
  size_t earlier_count_;
  /// Of the state in `last`; empty if there is none, or a damaged one that is not worth keeping.
  std::string last_name_;
  std::string best_name_;
  std::optional<double> best_score_;
  /// Files that `load` passed over, for as long as there is nothing newer.
  std::vector<std::filesystem::path> damaged_;
};

}  // namespace sanas
