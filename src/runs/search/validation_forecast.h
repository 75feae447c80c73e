// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "sanas/search/options.h"
#include "sanas/search/reports.h"

namespace sanas {

/// A search that `max_steps` cuts short to try something ends with a validation that may take much
/// longer than all of its mini-batches. Foretells how long, once these tell how fast this machine
/// is.
class ValidationForecast {
 public:
  /// @param images of the validation at the end of the search; 0: there is none.
  ValidationForecast(const SearchOptions& options, int64_t images)
      : max_steps_(options.max_steps), epochs_(options.epochs), images_(images) {}

  /// To be called after each mini-batch. What to say of it, which is so once; otherwise empty.
  std::string after(const StepReport& report);

 private:
  bool is_cut_short(const StepReport& report) const;

  int64_t max_steps_;
  int64_t epochs_;
  int64_t images_;
  int64_t updates_ = 0;
  /// Of a forward-backward pass of W1 with its share of the update.
  double seconds_per_image_ = std::numeric_limits<double>::infinity();
  bool is_made_ = false;
};

}  // namespace sanas
