// SPDX-License-Identifier: Apache-2.0
#include "supernet/skip_dropout.h"

namespace sanas {

torch::Tensor SkipDropout::forward(const torch::Tensor& x) {
  return is_training() && rate_ > 0.0 ? torch::dropout(x, rate_, /*train=*/true) : x;
}

}  // namespace sanas
