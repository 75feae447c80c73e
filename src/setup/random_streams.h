// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sanas/config/config.h"
#include "sanas/core/random.h"

namespace sanas {

/// Streams of randomness of a search's beginning.
enum SearchStream : uint64_t { kArchitecture, kWeights1, kWeights2, kBatches };

inline uint64_t stage_seed(const Config& config, int64_t stage, SearchStream stream) {
  return derive_seed(config.seed, {static_cast<uint64_t>(stage), stream});
}

}  // namespace sanas
