// SPDX-License-Identifier: Apache-2.0
#include "runs/evaluation/test_report_files.h"

#include <algorithm>

#include "core/format.h"
#include "report/run_files.h"

namespace sanas {
namespace {

/// Rows are true classes, columns what they were taken for. Names may hold anything but a tab.
std::string confusion_table(const TestReport& report) {
  const auto name = [](std::string text) {
    std::replace(text.begin(), text.end(), '\t', ' ');
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  };
  std::string text = "true\\predicted";
  for (const auto& label : report.classes) {
    text += "\t" + name(label);
  }
  text += "\n";
  const auto confusion = report.asked_for().report.confusion().contiguous();
  const auto* count = confusion.const_data_ptr<int64_t>();
  for (const auto& label : report.classes) {
    text += name(label);
    for (int64_t k = 0; k < confusion.size(1); ++k) {
      text += "\t" + std::to_string(*count++);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

void write_test_report(const TestReport& report, const RunFolder& folder, JsonLinesFile& metrics,
                       Log& log) {
  folder.write_text(run_files::kTestReport, to_json(report));
  folder.write_text(run_files::kConfusion, confusion_table(report));
  folder.write_text(run_files::kTestAccuracy,
                    format("%.4f\n", report.asked_for().report.meter().top1()));
  for (const auto& result : report.results) {
    JsonRecord record{{"phase", "test"},
                      {"inference", to_string(result.inference)},
                      {"images", result.report.meter().count()},
                      {"skipped_images", result.report.skipped()},
                      {"test_loss", result.report.meter().loss()},
                      {"test_top1", result.report.meter().top1()},
                      {"test_top5", result.report.meter().top5()},
                      {"calibration_error", result.report.calibration_error()}};
    if (result.latency) {
      record.emplace_back("latency_median_seconds", result.latency->median);
      record.emplace_back("latency_percentile95_seconds", result.latency->percentile95);
    }
    metrics.write(record);
  }
  for (const auto& line : describe(report)) {
    log.info(line);
  }
}

}  // namespace sanas
