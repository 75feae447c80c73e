// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "sanas/core/log.h"
#include "sanas/core/stopwatch.h"
#include "sanas/search/reports.h"
#include "sanas/train/evaluation_loop.h"

namespace sanas {

/// Keeps `report.html` of a run up to date: rebuilds it after an epoch or a logged mini-batch, so
/// seldom that it takes at most a fiftieth of the time. A report that can't be made is a warning in
/// the log; the run goes on.
class LiveReport : public SearchObserver, public TrainObserver {
 public:
  /// @param log must outlive the report.
  LiveReport(std::filesystem::path folder, Log& log);

  /// Rebuilds it now, as at the end of a run.
  void refresh();

  void on_step(const StepReport& report) override;
  void on_step(const TrainStepReport& report) override;
  void on_epoch(const EpochReport& report) override;
  void on_epoch(const TrainEpochReport& report) override;
  bool wants_stop() const override { return false; }

 private:
  void refresh_if_due();

  std::filesystem::path folder_;
  Log& log_;
  Stopwatch since_refresh_;
  double pause_seconds_;
  bool warned_ = false;
};

}  // namespace sanas
