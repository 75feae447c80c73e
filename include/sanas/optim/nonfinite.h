// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a run does when a loss or a gradient is not finite.

#include <cstdint>
#include <string>

#include "sanas/core/parameters.h"

namespace sanas {

/// What a run does when a loss or gradient is not finite.
enum class NonFinitePolicy {
  /// Ends with an error.
  kStop,
  /// Leaves out that update and counts it; ends with an error where that can't help any more.
  kSkip,
  /// Goes back to the last checkpoint and on with the mini-batch after the one that failed.
  kRollback,
};

std::string to_string(NonFinitePolicy policy);

/// Watches over the updates of one level. Leaving out has an end: weights that are themselves not
/// finite stay so, and as nothing changes while updates are left out, neither do five of them in a
/// row pass.
class UpdateGuard {
 public:
  static constexpr int64_t kMostInARow = 5;

  /// @param level for messages, "the training" or "level 'weights 1'".
  /// @param advice for messages: what a user may change.
  UpdateGuard(NonFinitePolicy policy, std::string level, std::string advice)
      : policy_(policy), level_(std::move(level)), advice_(std::move(advice)) {}

  /// True if an update may be made: `finite` says so of its loss and gradients. False if it is left
  /// out. Throws NonFiniteError, which names level and step, where the run can't go on.
  /// @param weights what loss and gradients were computed from; looked at in trouble only.
  bool allows(bool finite, const TensorList& weights, int64_t step);

 private:
  NonFinitePolicy policy_;
  std::string level_;
  std::string advice_;
  int64_t in_a_row_ = 0;
};

/// Throws NonFiniteError if an update has made `weights` infinite or not a number: losses show that
/// only one mini-batch later, and after the last one nothing does.
/// @param name of the weights, for the message. @param step the last mini-batch.
void check_finite(const TensorList& weights, const std::string& name, int64_t step);

}  // namespace sanas
