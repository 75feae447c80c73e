// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/metrics.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "support/fill.h"

namespace sanas {
namespace {

torch::Tensor labels(int64_t count, int64_t classes) {
  return (torch::arange(count) * 7 + 3).remainder(classes);
}

/// How many classes score higher than the labelled one.
int64_t rank(const torch::Tensor& logits, int64_t label) {
  int64_t higher = 0;
  for (int64_t k = 0; k < logits.numel(); ++k) {
    higher += logits[k].item<double>() > logits[label].item<double>() ? 1 : 0;
  }
  return higher;
}

TEST(ClassificationMeter, AgreesWithBruteForceOverUnevenBatches) {
  ClassificationMeter meter;
  int64_t count = 0;
  int64_t first = 0;
  int64_t among_five = 0;
  double loss_sum = 0.0;
  for (const int64_t size : {64, 64, 17, 1}) {
    const auto logits = input_pattern({size, 12}, static_cast<double>(size + count));
    const auto y = labels(size, 12);
    const double loss = 0.25 * static_cast<double>(size);
    meter.add(torch::tensor(loss, torch::kDouble), logits, y);
    for (int64_t i = 0; i < size; ++i) {
      const int64_t position = rank(logits[i], y[i].item<int64_t>());
      first += position == 0 ? 1 : 0;
      among_five += position < 5 ? 1 : 0;
    }
    count += size;
    loss_sum += loss * static_cast<double>(size);
  }
  ASSERT_GT(first, 0);
  ASSERT_GT(among_five, first);
  ASSERT_LT(among_five, count);
  EXPECT_EQ(meter.count(), count);
  EXPECT_DOUBLE_EQ(meter.top1(), static_cast<double>(first) / static_cast<double>(count));
  EXPECT_DOUBLE_EQ(meter.top5(), static_cast<double>(among_five) / static_cast<double>(count));
  EXPECT_DOUBLE_EQ(meter.loss(), loss_sum / static_cast<double>(count));
}

TEST(ClassificationMeter, WithAtMostFiveClassesEverythingIsAmongTheFirstFive) {
  ClassificationMeter meter;
  meter.add(torch::tensor(1.0), input_pattern({9, 3}), labels(9, 3));
  EXPECT_EQ(meter.top5(), 1.0);
  EXPECT_LT(meter.top1(), 1.0);
}

TEST(ClassificationMeter, HasNoMeanOfNothing) {
  const ClassificationMeter meter;
  EXPECT_EQ(meter.count(), 0);
  EXPECT_TRUE(std::isnan(meter.loss()));
  EXPECT_TRUE(std::isnan(meter.top1()));
  EXPECT_TRUE(std::isnan(meter.top5()));
  const auto restored = ClassificationMeter::from_state(meter.state());
  EXPECT_EQ(restored.count(), 0);
  EXPECT_TRUE(std::isnan(restored.loss()));
}

/// Mean of −Σ q log p with q = (1 − ε) onehot + ε/K, in plain arithmetic.
double smoothed(const torch::Tensor& logits, const torch::Tensor& y, double epsilon) {
  const int64_t classes = logits.size(1);
  double total = 0.0;
  for (int64_t i = 0; i < logits.size(0); ++i) {
    double sum = 0.0;
    for (int64_t k = 0; k < classes; ++k) {
      sum += std::exp(logits[i][k].item<double>());
    }
    for (int64_t k = 0; k < classes; ++k) {
      const double q = (k == y[i].item<int64_t>() ? 1.0 - epsilon : 0.0) +
                       epsilon / static_cast<double>(classes);
      total -= q * (logits[i][k].item<double>() - std::log(sum));
    }
  }
  return total / static_cast<double>(logits.size(0));
}

TEST(CrossEntropy, SmoothsTheLabels) {
  const auto logits = input_pattern({6, 10}) * 3.0;
  const auto y = labels(6, 10);
  for (const double epsilon : {0.0, 0.1, 0.2, 1.0}) {
    EXPECT_NEAR(cross_entropy(logits, y, epsilon).item<double>(), smoothed(logits, y, epsilon),
                1e-13)
        << epsilon;
  }
}

}  // namespace
}  // namespace sanas
