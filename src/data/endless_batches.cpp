// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/endless_batches.h"

#include <algorithm>
#include <limits>

#include "sanas/core/error.h"

namespace sanas {

std::string to_string(ArchitectureBatches policy) {
  return policy == ArchitectureBatches::kPersistent ? "persistent" : "fresh";
}

ArchitectureBatches architecture_batches_from_string(std::string_view text) {
  if (text == "persistent") {
    return ArchitectureBatches::kPersistent;
  }
  if (text == "fresh") {
    return ArchitectureBatches::kFresh;
  }
  throw ConfigError("architecture batches are '" + std::string(text) +
                    "'; write persistent or fresh");
}

EndlessBatches::EndlessBatches(const DataLoader& loader, ArchitectureBatches policy,
                               int64_t first_step)
    : loader_(loader),
      policy_(policy),
      prefetcher_([this](int64_t step) { return make(step); }, first_step,
                  std::numeric_limits<int64_t>::max(),
                  {loader.options().workers, loader.options().prefetch}) {}

Batch EndlessBatches::next() {
  Batch batch = *prefetcher_.next();
  loader_.report_skipped();
  empty_ = batch.size() == 0 ? empty_ + 1 : 0;
  if (empty_ >= loader_.batches_per_epoch()) {
    loader_.throw_nothing_left();
  }
  return batch;
}

Batch EndlessBatches::make(int64_t step) {
  const int64_t batch_size = loader_.options().batch_size;
  if (policy_ == ArchitectureBatches::kFresh) {
    return loader_.load(step, loader_.order(step, batch_size));
  }
  const int64_t epoch = step / loader_.batches_per_epoch();
  const auto samples = epoch_order(epoch);
  const int64_t begin = step % loader_.batches_per_epoch() * batch_size;
  const int64_t end = std::min(begin + batch_size, static_cast<int64_t>(samples->size()));
  return loader_.load(epoch, std::span(*samples).subspan(static_cast<size_t>(begin),
                                                         static_cast<size_t>(end - begin)));
}

std::shared_ptr<const std::vector<int64_t>> EndlessBatches::epoch_order(int64_t epoch) {
  const std::lock_guard lock(mutex_);
  if (epoch != cached_epoch_) {
    cached_order_ = std::make_shared<const std::vector<int64_t>>(loader_.order(epoch));
    cached_epoch_ = epoch;
  }
  return cached_order_;
}

}  // namespace sanas
