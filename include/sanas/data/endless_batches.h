// SPDX-License-Identifier: Apache-2.0
#pragma once

// An endless row of batches, for the steps of the architecture.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "sanas/data/loader.h"

namespace sanas {

/// Where the batch of an architecture step comes from (darts-family §4).
enum class ArchitectureBatches {
  kPersistent,  ///< one pass over the samples after the other (P-DARTS, PC-DARTS)
  kFresh,       ///< an independent random batch each step (DARTS)
};

/// "persistent" or "fresh".
std::string to_string(ArchitectureBatches policy);
/// The inverse of to_string. Throws ConfigError for any other text.
ArchitectureBatches architecture_batches_from_string(std::string_view text);

/// An endless row of batches from the samples of a loader. Step k's batch is a function of the
/// loader's seed and k alone. The loader has to outlive it and is left as it is.
///   kPersistent: step k is batch k mod n of epoch k div n, n = loader.batches_per_epoch().
///   kFresh: step k is the first batch of epoch k.
class EndlessBatches {
 public:
  /// Begins with step `first_step` (to resume).
  EndlessBatches(const DataLoader& loader, ArchitectureBatches policy, int64_t first_step = 0);

  /// Empty where no image of it can be decoded and bad samples are skipped; throws DataError after
  /// as many of these as an epoch has batches.
  Batch next();

  /// DataLoader::fingerprint of what they are taken from.
  const std::string& fingerprint() const { return loader_.fingerprint(); }

 private:
  Batch make(int64_t step);
  std::shared_ptr<const std::vector<int64_t>> epoch_order(int64_t epoch);

  const DataLoader& loader_;
  const ArchitectureBatches policy_;
  int64_t empty_ = 0;  // batches in a row
  std::mutex mutex_;
  int64_t cached_epoch_ = -1;
  std::shared_ptr<const std::vector<int64_t>> cached_order_;
  BatchPrefetcher prefetcher_;  // last: its threads use everything above
};

}  // namespace sanas
