// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "formats/json_lines.h"
#include "runs/heat_map_probe.h"
#include "runs/run_session.h"
#include "sanas/core/phase_display.h"
#include "sanas/core/progress.h"
#include "sanas/formats/event_file.h"
#include "sanas/optim/run_cursor.h"

namespace sanas {

/// What one start of a program shows of its run besides the records.
struct RunWatch {
  EventFile events;
  HeatMapProbe probe;
};

/// The loop that a recorder records.
struct RecordedLoop {
  std::string title;  ///< of the progress display, e.g. "search"
  int64_t steps = 0;  ///< mini-batches from its beginning to its end
  /// Mini-batches of the stages before it, which stand before its own in the events.
  int64_t steps_before = 0;
  RunCounts counts;  ///< where it stands
  /// ProgressOptions::seconds_per_step.
  bool seconds_per_step = false;
};

/// The mini-batch where the values of an epoch stand: its last one. Those of an epoch that is not
/// over stand one further, where they are dropped when a resumed run begins there and reports the
/// epoch again.
template <typename Report>
int64_t last_step(const Report& report) {
  return report.partial ? report.counts.step : report.counts.step - 1;
}

/// What the recorders of searches and of trainings do alike: where a record goes, what is shown
/// while the loop runs, and which lines of metrics.jsonl a checkpoint counts.
class RunRecorder {
 public:
  /// `session` and `watch` have to outlive the recorder.
  RunRecorder(RunSession& session, RunWatch& watch, const RecordedLoop& loop);

  /// Before the first mini-batch, which may take long.
  void begin();
  /// After the last one.
  void end() { progress_.finish(); }

  /// A record of metrics.jsonl, whose values are also points of TensorBoard's curves at mini-batch
  /// `step` of the loop (metric_tags.h). Throws FileError, as what follows.
  void write(const JsonRecord& record, int64_t step);
  /// A histogram for TensorBoard. What follows writes it out.
  void write_histogram(int64_t step, const std::string& tag, const torch::Tensor& values);
  /// heat_maps.png, and the same picture for TensorBoard; nothing without one.
  void write_heat_maps(int64_t step, const std::optional<EncodedImage>& sheet);

  /// The heat maps of a network as it is (HeatMapProbe::draw).
  std::optional<EncodedImage> draw_heat_maps(torch::nn::Module& network,
                                             const Classifier& classifier) const {
    return watch_.probe.draw(network, classifier);
  }

  /// ProgressDisplay::show_work.
  void show_work(const std::string& work) { progress_.show_work(work); }

  /// Everything is written that there is to say of the first `done` mini-batches; `message` is
  /// shown behind the bar.
  void end_step(int64_t done, const std::string& message);

  /// Warns where updates or images were left out since the last time.
  void warn_of_gaps(const RunCounts& counts);

  void on_phase(const PhaseReport& report);
  bool wants_stop() const { return phases_.wants_stop(); }

 private:
  RunSession& session_;
  RunWatch& watch_;
  int64_t steps_before_;
  ProgressDisplay progress_;
  PhaseDisplay phases_;
  /// As they were shown last.
  RunCounts counts_;
};

}  // namespace sanas
