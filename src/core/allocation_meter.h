// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <memory>

namespace sanas {

/// Measures what this thread and its backward passes hold in tensors, on any device, of what they
/// allocate inside the scope. Unlike the memory of the process it is the same in each run, and
/// small amounts can be told from it.
class AllocationMeter {
 public:
  AllocationMeter();

  /// The most that was held at once so far.
  int64_t peak_bytes() const;

 private:
  class Counter;

  std::shared_ptr<Counter> counter_;
  c10::DebugInfoGuard guard_;
};

}  // namespace sanas
