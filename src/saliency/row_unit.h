// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sanas {

/// Matrix products round differently with another number of rows, and the sign of a vanishing
/// gradient then depends on the batch. So batches are multiples of this, and a network on the CPU
/// is given so many rows at a time.
constexpr int64_t kRowUnit = 8;

}  // namespace sanas
