// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sanas {

/// What a run does when a loss or gradient is not finite.
enum class NonFinitePolicy {
  /// Ends with an error.
  kStop,
  /// Leaves out that update and counts it.
  kSkip,
  /// Goes back to the last checkpoint and on with the mini-batch after the one that failed.
  kRollback,
};

inline std::string to_string(NonFinitePolicy policy) {
  switch (policy) {
    case NonFinitePolicy::kStop:
      return "stop";
    case NonFinitePolicy::kSkip:
      return "skip";
    case NonFinitePolicy::kRollback:
      return "rollback";
  }
  return {};
}

}  // namespace sanas
