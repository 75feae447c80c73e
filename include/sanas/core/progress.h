// SPDX-License-Identifier: Apache-2.0
#pragma once

// A progress bar on a terminal, and plain lines elsewhere.

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <mutex>
#include <optional>
#include <string>

#include "sanas/core/log.h"

namespace sanas {

struct ProgressOptions {
  bool quiet = false;              ///< shows nothing
  std::optional<bool> terminal;    ///< draw a bar; by default where standard error is a terminal
  double redraw_seconds = 0.1;     ///< between two drawings of the bar
  double line_seconds = 15.0;      ///< between two plain lines where there is no terminal
  std::ostream* output = nullptr;  ///< standard error by default
  std::function<double()> clock;   ///< seconds, never going back; by default the steady clock
  Log* log = nullptr;              ///< whose lines take the bar off the screen
  /// Always the seconds of a step; otherwise the rate where it is at least one step per second.
  bool seconds_per_step = false;
};

/// What the programs show: a bar or lines, unless `quiet`, that make room for the lines of `log`.
ProgressOptions progress_options(bool quiet, Log& log);

/// Shows on standard error how far a task of known length is: on a terminal a bar with percentage,
/// rate, remaining time and a short message,
///
///     search  45% [=========>          ] 230/512  3.2/s  ETA 1:28  loss 1.234
///
/// elsewhere plain lines, at intervals that do not flood a log file. Safe to use from several
/// threads.
class ProgressDisplay {
 public:
  /// A task of `total` > 0 steps of which `done` are done already (when resuming; they do not count
  /// for the rate).
  ProgressDisplay(std::string title, int64_t total, int64_t done = 0, ProgressOptions options = {});
  /// Ends the line of the bar if the task was left early.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  const ProgressOptions& options() const { return options_; }

  /// `done` of `total` steps are done. Draws only when it is time to.
  void update(int64_t done, const std::string& message = "");

  /// What is being done of the next step, until the next update:
  ///
  ///     search  45% [=========>          ] 230/512  A     2.41 s/step  ETA 11:19  loss 1.234
  ///
  /// A bar shows a change at once, because what was shown before may be over for long when the next
  /// step is done. Lines do not show it.
  void show_work(const std::string& work);

  /// Takes the bar off the screen, so that other lines can be printed; the next update brings it
  /// back.
  void hide();

  /// Shows the last state with the time the task took, for good.
  void finish();

  /// All is done, and of no interest any more: takes the bar off the screen; says how long it took
  /// only where lines told of it before.
  void close();

 private:
  std::string bar_line(double now) const;
  std::string plain_line(double now) const;
  double rate(double now) const;
  std::string rate_text(double now) const;
  std::string remaining(double now) const;
  void show(double now);
  void print(const std::string& text);

  std::string title_;
  int64_t total_;
  int64_t first_;
  int64_t done_;
  ProgressOptions options_;
  bool terminal_;
  double start_;
  double last_shown_;
  bool visible_ = false;
  bool has_shown_ = false;
  bool finished_ = false;
  std::string work_;
  std::string message_;
  std::mutex mutex_;
};

}  // namespace sanas
