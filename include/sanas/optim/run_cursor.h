// SPDX-License-Identifier: Apache-2.0
#pragma once

// How far a run of mini-batches has come, and what that means in epochs: for searches and trainings
// alike.

#include <cstdint>
#include <functional>

#include "sanas/core/phase.h"

namespace sanas {

/// What a run counts, as its checkpoints and reports say it.
struct RunCounts {
  /// Mini-batches done.
  int64_t step = 0;
  /// Whole epochs that the observers were told of; of the next one all mini-batches may be done.
  int64_t reported_epochs = 0;
  /// Updates left out because something was not finite.
  int64_t skipped_updates = 0;
  /// Images left out of mini-batches because they could not be decoded.
  int64_t skipped_images = 0;
  /// How often an earlier state was put back because something was not finite.
  int64_t rollbacks = 0;

  bool operator==(const RunCounts&) const = default;
};

struct RunLength {
  int64_t epochs = 0;
  int64_t steps_per_epoch = 1;
  /// Mini-batches after which the run ends, also within an epoch; 0: no limit.
  int64_t max_steps = 0;

  /// Mini-batches of the whole run.
  int64_t steps() const;
};

/// Where a run stands. Its mini-batches are done one after the other; an epoch whose mini-batches
/// are all done is reported once, and one within which the run ends as well, as a part.
class RunCursor {
 public:
  explicit RunCursor(const RunLength& length) : length_(length) {}

  const RunCounts& counts() const { return counts_; }
  /// Goes on from there: the epochs before that of the step are reported, or one less where it ends
  /// an epoch.
  void set_counts(const RunCounts& counts) {
    counts_ = counts;
    is_ended_ = false;
  }

  /// The epoch that is not reported yet.
  int64_t epoch() const { return counts_.reported_epochs; }
  int64_t steps_per_epoch() const { return length_.steps_per_epoch; }
  /// Mini-batches done of that epoch: 0 … steps_per_epoch.
  int64_t steps_of_epoch() const { return counts_.step - epoch() * length_.steps_per_epoch; }
  bool is_epoch_done() const { return steps_of_epoch() >= length_.steps_per_epoch; }
  /// Whether an epoch or the run ends with the next mini-batch.
  bool is_last_step() const;

  /// The run makes no mini-batch any more, however many are left.
  void end_early() { is_ended_ = true; }
  bool no_steps_left() const;
  /// No mini-batch is left, nor the report of a whole epoch.
  bool is_finished() const { return no_steps_left() && !is_epoch_done(); }

  void advance() { ++counts_.step; }
  void end_epoch() { ++counts_.reported_epochs; }
  void skip_update() { ++counts_.skipped_updates; }
  void skip_images(int64_t images) { counts_.skipped_images += images; }

  /// Leaves out the mini-batches before `step`, after the state of an earlier one was put back for
  /// the `rollbacks`-th time. @return whether that leads out of the epoch that was running: those
  /// before that of mini-batch `step` − 1 are never reported.
  bool skip_to(int64_t step, int64_t rollbacks);

 private:
  RunLength length_;
  RunCounts counts_;
  bool is_ended_ = false;
};

/// Calls `run_epoch`, which does and reports what is left of the cursor's epoch, until the run is
/// finished; once more for one that has ended within an epoch, whose report may have been lost.
/// @return whether it has come to its end; false once `observer` wants to stop.
bool run_epochs(const RunCursor& cursor, const PhaseObserver& observer,
                const std::function<void()>& run_epoch);

}  // namespace sanas
