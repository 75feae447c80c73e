// SPDX-License-Identifier: Apache-2.0
#include "runs/evaluation/training_recorder.h"

#include "checkpoint/training_checkpoint.h"
#include "core/format.h"
#include "runs/evaluation/training_records.h"
#include "sanas/core/device.h"

namespace sanas {

TrainingRecorder::TrainingRecorder(EvaluationLoop& loop, const std::string& title, int64_t steps,
                                   const DatasetInfo& info, RunSession& session, RunWatch& watch)
    : loop_(loop),
      info_(info),
      session_(session),
      run_(session, watch, {title, steps, 0, loop.counts()}) {}

void TrainingRecorder::on_step(const TrainStepReport& report) {
  if (report.reported && has_trained(report)) {
    run_.write(to_record(report), report.step);
  }
  run_.end_step(report.step + 1, progress_text(report));
  if (session_.save_is_due(report.step + 1)) {
    save_checkpoint();
  }
}

void TrainingRecorder::on_epoch(const TrainEpochReport& report) {
  write_records(report);
  if (!report.partial) {
    session_.settle_records();
  }
  save_checkpoint(score_of(report));
  run_.warn_of_gaps(report.counts);
  session_.log().info(log_text(report));
}

/// The heat maps are drawn first, so that the record's peak of the memory has them in it.
void TrainingRecorder::write_records(const TrainEpochReport& report) {
  EvalNetwork& network = loop_.network();
  const auto heat_maps = run_.draw_heat_maps(
      network, [&network, normalization = loop_.normalization()](const torch::Tensor& pixels) {
        return network.forward(normalization(pixels)).logits;
      });
  const int64_t step = last_step(report);
  const auto device = loop_.weights().parameters().front().device();
  run_.write(to_record(report, peak_memory_bytes(device)), step);
  run_.write_heat_maps(step, heat_maps);
}

std::optional<double> TrainingRecorder::score_of(const TrainEpochReport& report) const {
  if (report.partial) {
    return std::nullopt;
  }
  if (report.validation) {
    return report.validation->meter().top1();
  }
  const bool by_test = loop_.options().selection == Selection::kTest && report.test;
  return by_test ? std::optional(report.test->meter().top1()) : std::nullopt;
}

void TrainingRecorder::save_checkpoint(std::optional<double> score) {
  session_.save(training_checkpoint(loop_, session_.config(), info_, session_.settled_records()),
                format("step-%08lld", static_cast<long long>(loop_.step())), score);
}

}  // namespace sanas
