// SPDX-License-Identifier: Apache-2.0
#pragma once

// How long work tells how far it is, and how it is asked to stop.

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace sanas {

/// How far a long piece of work is, e.g. 12 of 391 batches of a "validation".
struct PhaseReport {
  std::string name;
  int64_t done = 0;
  int64_t total = 0;
};

/// Looks on while something takes long, and may ask it to end. The work knows neither terminals nor
/// signals: it tells how far it is and asks whether to go on.
class PhaseObserver {
 public:
  virtual ~PhaseObserver() = default;
  /// Called when a phase begins, with nothing done, and after each of its parts.
  virtual void on_phase(const PhaseReport& /*report*/) {}
  /// Asked before each part.
  virtual bool wants_stop() const { return false; }
};

/// Looks on without a word.
PhaseObserver& nobody();

/// Thrown by work that was asked to stop, after which it is as if it had not begun. No fault, and
/// so no Error.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "stopped on request"; }
};

/// Throws Interrupted where the observer asks to stop.
void check_stop(const PhaseObserver& observer);

/// A piece of work in parts, on behalf of which it tells an observer and asks it. Throws
/// Interrupted before a part that is not to be done any more; never once all are done.
class Phase {
 public:
  /// `observer` has to outlive the phase.
  Phase(PhaseObserver& observer, std::string name, int64_t total);

  /// So many more parts are done.
  void advance(int64_t parts = 1);

 private:
  PhaseObserver& observer_;
  PhaseReport report_;
};

/// Several observers in the order in which they were added. They have to outlive the list.
template <typename Observer>
class Observers : public PhaseObserver {
 public:
  void add(Observer& observer) { observers_.push_back(&observer); }
  auto begin() const { return observers_.begin(); }
  auto end() const { return observers_.end(); }

  void on_phase(const PhaseReport& report) override {
    for (Observer* observer : observers_) {
      observer->on_phase(report);
    }
  }
  bool wants_stop() const override {
    for (const Observer* observer : observers_) {
      if (observer->wants_stop()) {
        return true;
      }
    }
    return false;
  }

 private:
  std::vector<Observer*> observers_;
};

}  // namespace sanas
