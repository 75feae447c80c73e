// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/classification_report.h"

#include <limits>

namespace sanas {

ClassificationReport::ClassificationReport(int64_t classes)
    : confusion_(torch::zeros({classes, classes}, torch::kInt64)),
      bin_counts_(torch::zeros({kBins}, torch::kInt64)),
      bin_hits_(torch::zeros({kBins}, torch::kInt64)),
      bin_confidence_(torch::zeros({kBins}, torch::kDouble)) {}

void ClassificationReport::add(const torch::Tensor& logits, const torch::Tensor& labels) {
  const torch::NoGradGuard no_grad;
  const auto scores = logits.to(torch::kCPU);
  const auto truth = labels.to(torch::kCPU);
  meter_.add(cross_entropy(scores, truth), scores, truth);
  const int64_t classes = confusion_.size(0);
  const auto [largest, predicted] = scores.to(torch::kDouble).softmax(1).max(/*dim=*/1);
  const auto confidence = largest.nan_to_num(0.0);  // of a network whose weights are not finite
  confusion_ +=
      (truth * classes + predicted).bincount({}, classes * classes).view({classes, classes});
  const auto bin = ((confidence * kBins).ceil() - 1.0).clamp(0, kBins - 1).to(torch::kInt64);
  bin_counts_ += bin.bincount({}, kBins);
  bin_hits_.index_add_(0, bin, predicted.eq(truth).to(torch::kInt64));
  bin_confidence_.index_add_(0, bin, confidence);
}

std::vector<double> ClassificationReport::class_accuracies() const {
  std::vector<double> accuracies;
  for (int64_t k = 0; k < confusion_.size(0); ++k) {
    const auto images = confusion_[k].sum().item<int64_t>();
    accuracies.push_back(images == 0
                             ? std::numeric_limits<double>::quiet_NaN()
                             : confusion_[k][k].item<double>() / static_cast<double>(images));
  }
  return accuracies;
}

double ClassificationReport::calibration_error() const {
  // n_b |hits_b/n_b − confidence_b/n_b|, which is 0 for an empty bin; without images 0/0.
  const auto gaps = (bin_hits_.to(torch::kDouble) - bin_confidence_).abs();
  return gaps.sum().item<double>() / static_cast<double>(meter_.count());
}

}  // namespace sanas
