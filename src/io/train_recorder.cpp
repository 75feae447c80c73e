// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/train_recorder.h"

#include "format.h"
#include "sanas/core/device.h"
#include "sanas/core/signals.h"
#include "sanas/io/network_checkpoint.h"

namespace sanas {

TrainRecorder::TrainRecorder(EvaluationLoop& loop, const Config& config, const DatasetInfo& info,
                             RunFolder& folder, CheckpointStore& checkpoints, MetricsLog& metrics,
                             ProgressDisplay& progress, Log& log)
    : loop_(loop),
      config_(config),
      info_(info),
      folder_(folder),
      checkpoints_(checkpoints),
      schedule_(config.checkpoint),
      metrics_(metrics),
      progress_(progress),
      log_(log),
      resume_position_(metrics.position()),
      gaps_(loop.skipped_updates(), loop.skipped_images()) {}

void TrainRecorder::on_step(const TrainStepReport& report) {
  if (report.reported) {
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
  progress_.update(
      report.step + 1,
      format("epoch %lld  loss %.3f  top-1 %.1f %%  %.0f images/s",
             static_cast<long long>(report.epoch + 1), report.loss, 100.0 * report.top1,
             static_cast<double>(report.batch_size) / report.seconds));
  // After an epoch's last step the checkpoint has to know that the epoch is reported: on_epoch.
  const bool ends_epoch = report.step_in_epoch + 1 == report.steps_in_epoch || loop_.finished();
  if (schedule_.take_due(report.step + 1) && !ends_epoch) {
    save_checkpoint();
  }
}

void TrainRecorder::on_epoch(const TrainEpochReport& report) {
  MetricRecord record{{"phase", std::string("train_epoch")},
                      {"epoch", report.epoch},
                      {"step", report.step},
                      {"learning_rate", report.learning_rate},
                      {"loss", report.train.loss()},
                      {"top1", report.train.top1()},
                      {"top5", report.train.top5()}};
  std::string tested;
  const auto add_test = [&](const char* name, const auto& looked_at) {
    if (looked_at) {
      const auto& meter = looked_at->meter();
      record.emplace_back(name + std::string("_loss"), meter.loss());
      record.emplace_back(name + std::string("_top1"), meter.top1());
      record.emplace_back(name + std::string("_top5"), meter.top5());
      tested += format(", %s %.4f (%.2f %%)", name, meter.loss(), 100.0 * meter.top1());
    }
  };
  add_test("validation", report.validation);
  add_test("test", report.test);
  record.emplace_back("peak_memory_bytes",
                      peak_memory_bytes(loop_.weights().parameters().front().device()));
  record.emplace_back("skipped_updates", report.skipped_updates);
  record.emplace_back("rollbacks", report.rollbacks);
  record.emplace_back("skipped_images", report.skipped_images);
  record.emplace_back("seconds", report.seconds);
  metrics_.write(record);
  if (!report.partial) {
    resume_position_ = metrics_.position();
  }
  save_checkpoint(score_of(report));
  progress_.hide();
  gaps_.report(report.skipped_updates, report.skipped_images, log_);
  log_.info(format("epoch %lld/%lld: training %.4f (%.2f %%)%s, %.1f s",
                   static_cast<long long>(report.epoch + 1), static_cast<long long>(report.epochs),
                   report.train.loss(), 100.0 * report.train.top1(), tested.c_str(),
                   report.seconds));
}

bool TrainRecorder::wants_stop() const { return ScopedSignals::stop_requested(); }

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
