// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "sanas/core/error.h"
#include "sanas/optim/nonfinite.h"

namespace sanas {

/// Where a run goes on after a value that is not finite (NonFinitePolicy::kRollback): from the
/// state of its last checkpoint, with the mini-batch after the one that failed. What lies between
/// is left out, as other data and other random draws are what can make a difference.
class Rollback {
 public:
  explicit Rollback(NonFinitePolicy policy) : policy_(policy) {}

  /// The mini-batch to go on with, from a state of before: the one after the one that failed, which
  /// would fail again. After the last of an epoch the loop comes to the epoch's end.
  /// @param failed the mini-batch of the error.
  /// @param state a name for the newest good state, e.g. its number of mini-batches.
  /// @param last the newest checkpoint, for messages.
  /// Throws NonFiniteError, the given one with what is known besides, under another policy and when
  /// one state was gone back to several times, or several mini-batches in a row failed.
  int64_t next_step(const NonFiniteError& error, int64_t failed, const std::string& state,
                    const std::filesystem::path& last);

 private:
  NonFinitePolicy policy_;
  std::string state_;
  int64_t next_ = -1;
  int64_t times_ = 0;
};

}  // namespace sanas
