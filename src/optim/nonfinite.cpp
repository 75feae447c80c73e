// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/nonfinite.h"

#include "sanas/core/error.h"

namespace sanas {

std::string to_string(NonFinitePolicy policy) {
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

bool UpdateGuard::allows(bool finite, const TensorList& weights, int64_t step) {
  if (finite) {
    in_a_row_ = 0;
    return true;
  }
  const std::string at = " at step " + std::to_string(step);
  const std::string what = "the loss or gradient of " + level_ + " is not finite" + at;
  if (!all_finite(weights)) {
    throw NonFiniteError(what + ", because the weights themselves are not; " + advice_ +
                         ", and go on from a checkpoint of before, or start anew");
  }
  if (policy_ != NonFinitePolicy::kSkip) {
    throw NonFiniteError(what + "; " + advice_ + ", or set on_nonfinite: skip or rollback");
  }
  if (++in_a_row_ == kMostInARow) {
    throw NonFiniteError(what + ", for the " + std::to_string(kMostInARow) +
                         "th time in a row, though such updates are left out; " + advice_);
  }
  return false;
}

void check_finite(const TensorList& weights, const std::string& name, int64_t step) {
  if (!all_finite(weights)) {
    throw NonFiniteError("the " + name + " are not finite after step " + std::to_string(step) +
                         "; lower the learning rate, or clip gradients");
  }
}

}  // namespace sanas
