// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a classifier gets right: accuracies by class, confusion matrix and calibration.

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "sanas/optim/metrics.h"

namespace sanas {

/// What a classifier gets right over any number of batches: loss and accuracies, per class too, the
/// confusion matrix, and how far its confidence can be trusted.
class ClassificationReport {
 public:
  /// Bins of the confidence for the calibration error, as in Guo et al. 2017.
  static constexpr int64_t kBins = 15;

  explicit ClassificationReport(int64_t classes);

  /// @param logits N×K. @param labels int64, N, in [0, K).
  void add(const torch::Tensor& logits, const torch::Tensor& labels);

  /// Images that belong to the others, but could not be decoded.
  void add_skipped(int64_t count) { skipped_ += count; }
  int64_t skipped() const { return skipped_; }

  const ClassificationMeter& meter() const { return meter_; }
  /// int64, K×K: images of class (row) that were taken for class (column).
  const torch::Tensor& confusion() const { return confusion_; }
  /// Top-1 per class in [0, 1]; NaN for a class without images.
  std::vector<double> class_accuracies() const;
  /// Expected calibration error in [0, 1] (Guo et al. 2017): Σ_b n_b/n |accuracy_b − confidence_b|
  /// over bins (b/15, (b+1)/15] of the largest probability. NaN without images.
  double calibration_error() const;

 private:
  ClassificationMeter meter_;
  int64_t skipped_ = 0;
  torch::Tensor confusion_;
  torch::Tensor bin_counts_;      // int64, per bin
  torch::Tensor bin_hits_;        // int64
  torch::Tensor bin_confidence_;  // double, sums
};

}  // namespace sanas
