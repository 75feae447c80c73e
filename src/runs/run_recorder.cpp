// SPDX-License-Identifier: Apache-2.0
#include "runs/run_recorder.h"

#include "report/run_files.h"
#include "runs/metric_tags.h"

namespace sanas {
namespace {

ProgressOptions display_of(const RunSession& session, const RecordedLoop& loop) {
  ProgressOptions options = session.progress();
  options.seconds_per_step = loop.seconds_per_step;
  return options;
}

}  // namespace

RunRecorder::RunRecorder(RunSession& session, RunWatch& watch, const RecordedLoop& loop)
    : session_(session),
      watch_(watch),
      steps_before_(loop.steps_before),
      progress_(loop.title, loop.steps, loop.counts.step, display_of(session, loop)),
      phases_(session.progress()),
      counts_(loop.counts) {}

void RunRecorder::begin() {
  session_.settle_records();
  progress_.update(counts_.step);
}

void RunRecorder::write(const JsonRecord& record, int64_t step) {
  const auto points = tagged_values(record);
  if (!points.empty()) {
    watch_.events.add_scalars(steps_before_ + step, points);
    watch_.events.flush();
  }
  session_.metrics().write(record);
}

void RunRecorder::write_histogram(int64_t step, const std::string& tag,
                                  const torch::Tensor& values) {
  watch_.events.add_histogram(steps_before_ + step, tag, values);
}

void RunRecorder::write_heat_maps(int64_t step, const std::optional<EncodedImage>& sheet) {
  if (sheet) {
    watch_.events.add_image(steps_before_ + step, "saliency", *sheet);
    session_.folder().write_text(run_files::kHeatMaps, sheet->png);
  }
  watch_.events.flush();
}

void RunRecorder::end_step(int64_t done, const std::string& message) {
  session_.settle_records();
  progress_.update(done, message);
}

void RunRecorder::warn_of_gaps(const RunCounts& counts) {
  Log& log = session_.log();
  if (counts.skipped_updates > counts_.skipped_updates) {
    log.warn("warning: " + std::to_string(counts.skipped_updates) +
             " updates were left out so far, something was not finite");
  }
  if (counts.skipped_images > counts_.skipped_images) {
    log.warn("warning: " + std::to_string(counts.skipped_images) +
             " images were left out of mini-batches so far, they can't be decoded");
  }
  counts_ = counts;
}

void RunRecorder::on_phase(const PhaseReport& report) {
  progress_.hide();
  phases_.on_phase(report);
}

}  // namespace sanas
