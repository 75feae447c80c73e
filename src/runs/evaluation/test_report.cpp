// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/test_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/format.h"
#include "formats/json_text.h"
#include "report/run_files.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/files/atomic_file.h"

namespace sanas {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kWorstClasses = 3;
constexpr size_t kLargestReport = size_t{64} << 20U;

std::string describe(const InferenceResult& result) {
  const auto& meter = result.report.meter();
  const int64_t skipped = result.report.skipped();
  const std::string images = skipped == 0
                                 ? format("%lld images", static_cast<long long>(meter.count()))
                                 : format("%lld of %lld images, %lld could not be decoded",
                                          static_cast<long long>(meter.count()),
                                          static_cast<long long>(meter.count() + skipped),
                                          static_cast<long long>(skipped));
  std::string line =
      format("test (%s, %s): loss %.4f, top-1 %.2f %%, top-5 %.2f %%, calibration error %.2f %%",
             to_string(result.inference).c_str(), images.c_str(), meter.loss(),
             100.0 * meter.top1(), 100.0 * meter.top5(), 100.0 * result.report.calibration_error());
  if (result.latency) {
    line += format(", %.2f ms per image (95 %% within %.2f ms)", 1e3 * result.latency->median,
                   1e3 * result.latency->percentile95);
  }
  return line;
}

std::string worst_classes(const TestReport& report) {
  const auto accuracies = report.asked_for().report.class_accuracies();
  std::vector<size_t> order;
  for (size_t k = 0; k < accuracies.size(); ++k) {
    if (!std::isnan(accuracies[k])) {
      order.push_back(k);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return accuracies[a] < accuracies[b]; });
  order.resize(std::min(order.size(), kWorstClasses));
  std::vector<std::string> named;
  for (const size_t k : order) {
    named.push_back(report.classes[k] + format(" %.1f %%", 100.0 * accuracies[k]));
  }
  return join(named);
}

Json to_object(const InferenceResult& result) {
  const auto& meter = result.report.meter();
  Json object{{"inference", to_string(result.inference)},
              {"images", meter.count()},
              {"skipped_images", result.report.skipped()},
              {"loss", meter.loss()},
              {"top1", meter.top1()},
              {"top5", meter.top5()},
              {"calibration_error", result.report.calibration_error()}};
  if (result.latency) {
    object["latency"] = {{"median_seconds", result.latency->median},
                         {"percentile95_seconds", result.latency->percentile95},
                         {"runs", result.latency->runs}};
  }
  return object;
}

std::vector<std::vector<int64_t>> confusion_of(const ClassificationReport& report) {
  std::vector<std::vector<int64_t>> rows;
  const auto& confusion = report.confusion();
  for (int64_t k = 0; k < confusion.size(0); ++k) {
    const auto row = confusion[k].contiguous();
    const auto* first = row.data_ptr<int64_t>();
    rows.emplace_back(first, first + row.numel());
  }
  return rows;
}

}  // namespace

std::vector<std::string> describe(const TestReport& report) {
  std::vector<std::string> lines;
  if (report.selection != Selection::kLast && report.epoch >= 0) {
    lines.push_back(format("the network is that of epoch %lld of %lld, the best one on %s",
                           static_cast<long long>(report.epoch + 1),
                           static_cast<long long>(report.epochs),
                           report.selection == Selection::kTest
                               ? "the test images themselves: its accuracy on them is too good"
                               : "held-out training images"));
  }
  for (const auto& result : report.results) {
    lines.push_back(describe(result));
  }
  lines.push_back("worst classes: " + worst_classes(report));
  return lines;
}

std::string to_json(const TestReport& report) {
  Json object = to_object(report.asked_for());
  object["selection"] = to_string(report.selection);
  object["selected_on_test_images"] = report.selection == Selection::kTest;
  object["epoch"] = report.epoch;
  object["epochs"] = report.epochs;
  object["parameters"] = report.parameters;
  object["results"] = Json::array();
  for (const auto& result : report.results) {
    object["results"].push_back(to_object(result));
  }
  const auto accuracies = report.asked_for().report.class_accuracies();
  const auto rows = confusion_of(report.asked_for().report);
  object["classes"] = Json::array();
  for (size_t k = 0; k < report.classes.size(); ++k) {
    int64_t images = 0;
    for (const int64_t count : rows[k]) {
      images += count;
    }
    object["classes"].push_back({{"name", report.classes[k]},
                                 {"images", images},
                                 {"top1", accuracies[k]}});  // NaN becomes null
  }
  object["confusion"] = rows;
  return object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

TestScore read_test_score(const std::filesystem::path& run_folder) {
  const auto file = run_folder / run_files::kTestReport;
  try {
    const auto object = parse_json(read_text_file(file, kLargestReport));
    TestScore score;
    score.accuracy = object.at("top1").get<double>();
    score.top5 = object.at("top5").get<double>();
    score.loss = object.at("loss").is_null() ? std::nan("") : object.at("loss").get<double>();
    score.calibration_error = object.at("calibration_error").get<double>();
    score.parameters = object.at("parameters").get<int64_t>();
    score.images = object.at("images").get<int64_t>();
    score.skipped_images = object.value("skipped_images", int64_t{0});  // new in this version
    if (object.contains("latency")) {
      const auto& latency = object.at("latency");
      score.latency = Latency{latency.at("median_seconds").get<double>(),
                              latency.at("percentile95_seconds").get<double>(),
                              latency.at("runs").get<int64_t>()};
    }
    return score;
  } catch (const Json::exception& error) {
    throw FileError(file.string() + ": no test report: " + error.what());
  }
}

}  // namespace sanas
