// SPDX-License-Identifier: Apache-2.0
#include "runs/evaluation/training_recorder.h"

#include "checkpoint/training_checkpoint.h"
#include "core/format.h"
#include "runs/meter_record.h"
#include "sanas/core/device.h"
#include "sanas/setup/networks.h"

namespace sanas {

TrainRecorder::TrainRecorder(EvaluationLoop& loop, const Config& config, const DatasetInfo& info,
                             const RunFolder& folder, CheckpointStore& checkpoints,
                             JsonLinesFile& metrics, ProgressDisplay& progress, Log& log)
    : loop_(loop),
      config_(config),
      info_(info),
      folder_(folder),
      checkpoints_(checkpoints),
      schedule_(config.checkpoint),
      metrics_(metrics),
      progress_(progress),
      phases_(progress.options()),
      log_(log),
      resume_position_(metrics.position()),
      gaps_(loop.counts().skipped_updates, loop.counts().skipped_images) {}

void TrainRecorder::on_step(const TrainStepReport& report) {
  const bool has_trained = report.seconds > 0.0;  // some image could be decoded
  if (report.reported && has_trained) {
    metrics_.write({{"phase", std::string("train")},
                    {"epoch", report.epoch},
                    {"step", report.step},
                    {"learning_rate", report.learning_rate},
                    {"drop_path", report.drop_path},
                    {"loss", report.loss},
                    {"top1", report.top1},
                    {"gradient_norm", report.gradient_norm},
                    {"seconds", report.seconds}});
  }
  resume_position_ = metrics_.position();
  progress_.update(report.step + 1,
                   has_trained ? format("epoch %lld  loss %.3f  top-1 %.1f %%  %.0f images/s",
                                        static_cast<long long>(report.epoch + 1), report.loss,
                                        100.0 * report.top1,
                                        static_cast<double>(report.batch_size) / report.seconds)
                               : std::string());
  if (schedule_.take_due(report.step + 1)) {
    save_checkpoint();
  }
}

void TrainRecorder::on_phase(const PhaseReport& report) {
  progress_.hide();
  phases_.on_phase(report);
}

void TrainRecorder::on_epoch(const TrainEpochReport& report) {
  JsonRecord record{{"phase", std::string("train_epoch")},
                    {"epoch", report.epoch},
                    {"step", report.counts.step},
                    {"learning_rate", report.learning_rate}};
  append_means(record, "", report.train, /*top5=*/true);
  std::string tested;
  const auto add_test = [&](const std::string& name, const auto& looked_at) {
    if (looked_at) {
      const auto& meter = looked_at->meter();
      append_means(record, name, meter, /*top5=*/true);
      record.emplace_back(name + "_images", meter.count());
      record.emplace_back(name + "_skipped_images", looked_at->skipped());
      tested +=
          ", " + name + " " + meter_text(meter) + skipped_text(meter.count(), looked_at->skipped());
    }
  };
  add_test("validation", report.validation);
  add_test("test", report.test);
  record.emplace_back("peak_memory_bytes",
                      peak_memory_bytes(loop_.weights().parameters().front().device()));
  record.emplace_back("skipped_updates", report.counts.skipped_updates);
  record.emplace_back("rollbacks", report.counts.rollbacks);
  record.emplace_back("skipped_images", report.counts.skipped_images);
  record.emplace_back("seconds", report.seconds);
  metrics_.write(record);
  if (!report.partial) {
    resume_position_ = metrics_.position();
  }
  save_checkpoint(score_of(report));
  gaps_.report(report.counts.skipped_updates, report.counts.skipped_images, log_);
  log_.info(format("epoch %lld/%lld: training %s%s, %.1f s",
                   static_cast<long long>(report.epoch + 1), static_cast<long long>(report.epochs),
                   meter_text(report.train).c_str(), tested.c_str(), report.seconds));
}

bool TrainRecorder::wants_stop() const { return phases_.wants_stop(); }

std::optional<double> TrainRecorder::score_of(const TrainEpochReport& report) const {
  if (report.partial) {
    return std::nullopt;
  }
  if (report.validation) {
    return report.validation->meter().top1();
  }
  const bool by_test = config_.evaluation.selection == Selection::kTest && report.test;
  return by_test ? std::optional(report.test->meter().top1()) : std::nullopt;
}

void TrainRecorder::save_checkpoint(std::optional<double> score) {
  metrics_.sync();
  checkpoints_.save(training_checkpoint(loop_, config_, info_, resume_position_),
                    format("step-%08lld", static_cast<long long>(loop_.step())), score);
  schedule_.restart();
}

}  // namespace sanas
