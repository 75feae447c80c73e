// SPDX-License-Identifier: Apache-2.0
#include "runs/evaluation/training_records.h"

#include "core/format.h"
#include "runs/meter_record.h"

namespace sanas {
namespace {

void append_test(JsonRecord& record, const std::string& name,
                 const std::optional<ClassificationReport>& test) {
  if (test) {
    append_means(record, name, test->meter(), /*top5=*/true);
    record.emplace_back(name + "_images", test->meter().count());
    record.emplace_back(name + "_skipped_images", test->skipped());
  }
}

std::string test_text(const std::string& name, const std::optional<ClassificationReport>& test) {
  return test ? ", " + name + " " + meter_text(test->meter()) +
                    skipped_text(test->meter().count(), test->skipped())
              : "";
}

}  // namespace

bool has_trained(const TrainStepReport& report) { return report.seconds > 0.0; }

JsonRecord to_record(const TrainStepReport& report) {
  return {{"phase", "train"},
          {"epoch", report.epoch},
          {"step", report.step},
          {"learning_rate", report.learning_rate},
          {"drop_path", report.drop_path},
          {"loss", report.loss},
          {"top1", report.top1},
          {"gradient_norm", report.gradient_norm},
          {"seconds", report.seconds}};
}

JsonRecord to_record(const TrainEpochReport& report, int64_t peak_memory_bytes) {
  JsonRecord record{{"phase", "train_epoch"},
                    {"epoch", report.epoch},
                    {"step", report.counts.step},
                    {"learning_rate", report.learning_rate}};
  append_means(record, "", report.train, /*top5=*/true);
  append_test(record, "validation", report.validation);
  append_test(record, "test", report.test);
  record.emplace_back("peak_memory_bytes", peak_memory_bytes);
  record.emplace_back("skipped_updates", report.counts.skipped_updates);
  record.emplace_back("rollbacks", report.counts.rollbacks);
  record.emplace_back("skipped_images", report.counts.skipped_images);
  record.emplace_back("seconds", report.seconds);
  return record;
}

std::string progress_text(const TrainStepReport& report) {
  if (!has_trained(report)) {
    return "";
  }
  return format("epoch %lld  loss %.3f  top-1 %.1f %%  %.0f images/s",
                static_cast<long long>(report.epoch + 1), report.loss, 100.0 * report.top1,
                static_cast<double>(report.batch_size) / report.seconds);
}

std::string log_text(const TrainEpochReport& report) {
  const std::string tested =
      test_text("validation", report.validation) + test_text("test", report.test);
  return format("epoch %lld/%lld: training %s%s, %.1f s", static_cast<long long>(report.epoch + 1),
                static_cast<long long>(report.epochs), meter_text(report.train).c_str(),
                tested.c_str(), report.seconds);
}

}  // namespace sanas
