// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sums of lists that may be zero, which is an empty list: nothing is computed for it.

#include "sanas/core/parameters.h"

namespace sanas {

/// a + factor · b.
inline TensorList sum(const TensorList& a, const TensorList& b, double factor) {
  if (a.empty()) {
    return scale(b, factor);
  }
  return b.empty() || factor == 0.0 ? a : add(a, b, factor);
}

}  // namespace sanas
