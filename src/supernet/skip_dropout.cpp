// SPDX-License-Identifier: Apache-2.0
#include "supernet/skip_dropout.h"

namespace sanas {

torch::Tensor SkipDropout::forward(const torch::Tensor& x) {
  return is_identity() ? x : torch::dropout(x, rate_, /*train=*/true);
}

}  // namespace sanas
