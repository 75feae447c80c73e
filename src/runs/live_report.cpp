// SPDX-License-Identifier: Apache-2.0
#include "runs/live_report.h"

#include <algorithm>
#include <exception>

#include "report/run_files.h"
#include "sanas/report/report.h"

namespace sanas {
namespace {

constexpr double kShortestPause = 15.0;  // seconds between two reports
constexpr double kPausePerCost = 50.0;

}  // namespace

LiveReport::LiveReport(std::filesystem::path folder, Log& log)
    : folder_(std::move(folder)), log_(log), pause_seconds_(kShortestPause) {}

void LiveReport::on_step(const StepReport& report) {
  if (report.reported) {
    refresh_if_due();
  }
}

void LiveReport::on_step(const TrainStepReport& report) {
  if (report.reported) {
    refresh_if_due();
  }
}

void LiveReport::on_epoch(const EpochReport& /*report*/) { refresh_if_due(); }

void LiveReport::on_epoch(const TrainEpochReport& /*report*/) { refresh_if_due(); }

void LiveReport::refresh_if_due() {
  if (since_refresh_.seconds() >= pause_seconds_) {
    refresh();
  }
}

void LiveReport::refresh() {
  const Stopwatch watch;
  try {
    write_report({folder_}, folder_ / run_files::kReport);
  } catch (const std::exception& error) {
    if (!warned_) {
      log_.warn(std::string("warning: the report could not be made: ") + error.what());
      warned_ = true;
    }
  }
  pause_seconds_ = std::max(kShortestPause, kPausePerCost * watch.seconds());
  since_refresh_ = Stopwatch();
}

}  // namespace sanas
