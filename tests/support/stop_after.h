// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sanas/core/phase.h"

namespace sanas {

/// Writes down the phases that it is told of, and asks to stop while so many parts of the named one
/// are done. @tparam Observer PhaseObserver, or an observer of a loop.
template <typename Observer = PhaseObserver>
class StopAfter : public Observer {
 public:
  StopAfter(std::string phase, int64_t parts) : phase_(std::move(phase)), parts_(parts) {}

  void on_phase(const PhaseReport& report) override { reports.push_back(report); }
  bool wants_stop() const override {
    return !reports.empty() && reports.back().name == phase_ && reports.back().done == parts_;
  }
  void give_up() { phase_.clear(); }

  std::vector<PhaseReport> reports;

 private:
  std::string phase_;
  int64_t parts_;
};

}  // namespace sanas
