// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/classification_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/fill.h"

namespace sanas {
namespace {

constexpr int64_t kImages = 41;
constexpr int64_t kClasses = 4;

struct Case {
  torch::Tensor logits = 3.0 * fill_wave(kImages * kClasses, 1).view({kImages, kClasses});
  torch::Tensor labels = torch::arange(kImages) % (kClasses - 1);  // the last class has no image
};

/// In two uneven batches.
ClassificationReport report_of(const Case& c) {
  ClassificationReport report(kClasses);
  report.add(c.logits.narrow(0, 0, 30), c.labels.narrow(0, 0, 30));
  report.add(c.logits.narrow(0, 30, 11), c.labels.narrow(0, 30, 11));
  return report;
}

TEST(ClassificationReport, CountsWhatWasTakenForWhat) {
  const Case c;
  std::vector<std::vector<int64_t>> counts(kClasses, std::vector<int64_t>(kClasses));
  for (int64_t i = 0; i < kImages; ++i) {
    const auto predicted = c.logits[i].argmax().item<int64_t>();
    ++counts[c.labels[i].item<int64_t>()][predicted];
  }
  const auto report = report_of(c);
  for (int64_t row = 0; row < kClasses; ++row) {
    int64_t images = 0;
    for (int64_t column = 0; column < kClasses; ++column) {
      EXPECT_EQ(report.confusion()[row][column].item<int64_t>(), counts[row][column]);
      images += counts[row][column];
    }
    const double accuracy = report.class_accuracies()[row];
    if (images == 0) {
      EXPECT_TRUE(std::isnan(accuracy));
    } else {
      EXPECT_DOUBLE_EQ(accuracy,
                       static_cast<double>(counts[row][row]) / static_cast<double>(images));
    }
  }
  EXPECT_EQ(report.meter().count(), kImages);
}

TEST(ClassificationReport, CalibrationErrorIsItsDefinition) {
  const Case c;
  double expected = 0.0;
  for (int64_t b = 0; b < ClassificationReport::kBins; ++b) {
    const double low = static_cast<double>(b) / ClassificationReport::kBins;
    const double high = static_cast<double>(b + 1) / ClassificationReport::kBins;
    double confidences = 0.0;
    double hits = 0.0;
    double count = 0.0;
    for (int64_t i = 0; i < kImages; ++i) {
      double sum = 0.0;
      double largest = 0.0;
      int64_t predicted = 0;
      for (int64_t k = 0; k < kClasses; ++k) {
        const double e = std::exp(c.logits[i][k].item<double>());
        sum += e;
        predicted = e > largest ? k : predicted;
        largest = std::max(largest, e);
      }
      const double confidence = largest / sum;
      if (confidence > low && confidence <= high) {
        count += 1.0;
        confidences += confidence;
        hits += predicted == c.labels[i].item<int64_t>() ? 1.0 : 0.0;
      }
    }
    if (count > 0.0) {
      expected += count / kImages * std::abs(hits / count - confidences / count);
    }
  }
  EXPECT_GT(expected, 0.01);
  EXPECT_NEAR(report_of(c).calibration_error(), expected, 1e-12);
}

TEST(ClassificationReport, SureAndRightIsCalibrated) {
  ClassificationReport report(2);
  EXPECT_TRUE(std::isnan(report.calibration_error())) << "nothing was looked at";
  report.add(torch::tensor({{100.0, 0.0}, {0.0, 100.0}}, torch::kDouble), torch::tensor({0, 1}));
  EXPECT_NEAR(report.calibration_error(), 0.0, 1e-12);
}

TEST(ClassificationReport, CountsWhatIsNotFinite) {
  ClassificationReport report(2);
  report.add(torch::full({3, 2}, std::nan("")), torch::tensor({0, 1, 1}));
  EXPECT_EQ(report.confusion().sum().item<int64_t>(), 3);
  EXPECT_TRUE(std::isnan(report.meter().loss()));
  EXPECT_TRUE(std::isfinite(report.calibration_error()));
}

}  // namespace
}  // namespace sanas
