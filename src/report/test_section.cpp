// SPDX-License-Identifier: Apache-2.0
#include "formats/json_text.h"
#include "report/confusion.h"
#include "report/html.h"
#include "report/quantity_text.h"
#include "report/sections.h"

namespace sanas {
namespace {

using json = nlohmann::ordered_json;

std::string number(const json& record, const char* key) {
  const auto found = number_in(record, key);
  return found ? short_number(*found) : "–";
}

std::string count(const json& record, const char* key) {
  const auto found = number_in(record, key);
  return found ? count_text(*found) : "–";
}

/// How many images were tested on.
std::string tested_on(const json& record) {
  const double images = number_in(record, "images").value_or(0.0);
  const double skipped = number_in(record, "skipped_images").value_or(0.0);
  return skipped > 0.0 ? count_text(images) + " of " + count_text(images + skipped) +
                             ", the others could not be decoded"
                       : count(record, "images");
}

}  // namespace

std::string test_section(const RunContents& run) {
  constexpr size_t kMostClasses = 200;
  HtmlTable tests{
      "Tests at the end",
      {"inference", "images", "loss", "top-1", "top-5", "calibration error", "seconds per image"},
      {},
      "numbers"};
  for (const auto& record : run.metrics) {
    if (text_in(record, "phase") == "test") {
      tests.rows.push_back({escape_html(text_in(record, "inference")), tested_on(record),
                            number(record, "test_loss"), number(record, "test_top1"),
                            number(record, "test_top5"), number(record, "calibration_error"),
                            number(record, "latency_median_seconds")});
    }
  }
  HtmlTable classes{"Accuracy on each class", {"class", "images", "top-1"}, {}, "numbers"};
  if (const auto found = run.test.find("classes"); found != run.test.end()) {
    for (const auto& one : *found) {
      if (classes.rows.size() < kMostClasses) {
        classes.rows.push_back(
            {escape_html(text_in(one, "name")), count(one, "images"), number(one, "top1")});
      }
    }
  }
  return to_html(tests) + draw_confusion(run.test) +
         (classes.rows.empty() ? "" : folded("Accuracy on each class", to_html(classes)));
}

}  // namespace sanas
