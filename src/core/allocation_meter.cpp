// SPDX-License-Identifier: Apache-2.0
#include "core/allocation_meter.h"

#include <c10/core/Allocator.h>

#include <atomic>

namespace sanas {

/// LibTorch's allocators tell it of every block; on CUDA the backward pass has a thread of its own.
class AllocationMeter::Counter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* /*block*/, int64_t bytes, size_t /*allocated*/, size_t /*reserved*/,
                         c10::Device /*device*/) override {
    const int64_t held = held_ += bytes;
    int64_t peak = peak_;
    while (peak < held && !peak_.compare_exchange_weak(peak, held)) {
    }
  }
  bool memoryProfilingEnabled() const override { return true; }

  int64_t peak() const { return peak_; }

 private:
  std::atomic<int64_t> held_{0};
  std::atomic<int64_t> peak_{0};
};

AllocationMeter::AllocationMeter()
    : counter_(std::make_shared<Counter>()), guard_(c10::DebugInfoKind::PROFILER_STATE, counter_) {}

int64_t AllocationMeter::peak_bytes() const { return counter_->peak(); }

}  // namespace sanas
