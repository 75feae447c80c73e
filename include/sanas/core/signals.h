// SPDX-License-Identifier: Apache-2.0
#pragma once

// Turns Ctrl-C and other signals into a request that a run can answer at its next step.

namespace sanas {

/// While one of these lives, SIGINT, SIGTERM and SIGHUP (unless it is ignored, as under nohup) only
/// set a flag, so that a run can finish its step and save; a second one, 50 ms later or more, ends
/// the process at once. SIGUSR1 asks for a checkpoint. SIGPIPE is ignored: output that nobody reads
/// ends no run. There can be one at a time.
class ScopedSignals {
 public:
  ScopedSignals();
  ~ScopedSignals();
  ScopedSignals(const ScopedSignals&) = delete;
  ScopedSignals& operator=(const ScopedSignals&) = delete;

  /// True once SIGINT, SIGTERM or SIGHUP has come.
  static bool stop_requested();
  /// True once after each SIGUSR1.
  static bool take_save_request();
};

}  // namespace sanas
