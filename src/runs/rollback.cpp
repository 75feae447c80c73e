// SPDX-License-Identifier: Apache-2.0
#include "runs/rollback.h"

namespace sanas {

int64_t Rollback::next_step(const NonFiniteError& error, int64_t failed, const std::string& state,
                            const std::filesystem::path& last) {
  constexpr int64_t kMostTimes = 5;
  const bool is_again = state == state_ || failed == next_;  // no mini-batch between succeeded
  times_ = is_again ? times_ + 1 : 1;
  state_ = state;
  next_ = failed + 1;
  if (policy_ != NonFinitePolicy::kRollback || times_ > kMostTimes) {
    const std::string gone_back =
        times_ > 1 ? "; went back " + std::to_string(times_ - 1) +
                         " times, without success; --resume with --set on_nonfinite=skip goes on "
                         "without such updates"
                   : "";
    throw NonFiniteError(error.what() + gone_back +
                         (std::filesystem::exists(last)
                              ? "; the last good checkpoint is " + last.string()
                              : "; there is no checkpoint yet"));
  }
  return next_;
}

}  // namespace sanas
