// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/metrics.h"

#include <torch/nn/functional/loss.h>

#include <algorithm>

namespace sanas {

void ClassificationMeter::add(double loss, const torch::Tensor& logits,
                              const torch::Tensor& labels) {
  const torch::NoGradGuard no_grad;
  const int64_t n = labels.size(0);
  const int64_t k = std::min<int64_t>(5, logits.size(1));
  const auto hits = std::get<1>(logits.topk(k, 1)).eq(labels.view({-1, 1}));
  count_ += n;
  loss_sum_ += loss * static_cast<double>(n);
  top1_hits_ += hits.select(1, 0).sum().item<int64_t>();
  top5_hits_ += hits.sum().item<int64_t>();
}

void ClassificationMeter::add(const ClassificationMeter& other) {
  count_ += other.count_;
  loss_sum_ += other.loss_sum_;
  top1_hits_ += other.top1_hits_;
  top5_hits_ += other.top5_hits_;
}

std::array<double, 4> ClassificationMeter::state() const {
  return {static_cast<double>(count_), loss_sum_, static_cast<double>(top1_hits_),
          static_cast<double>(top5_hits_)};
}

ClassificationMeter ClassificationMeter::from_state(const std::array<double, 4>& state) {
  ClassificationMeter meter;
  meter.count_ = static_cast<int64_t>(state[0]);
  meter.loss_sum_ = state[1];
  meter.top1_hits_ = static_cast<int64_t>(state[2]);
  meter.top5_hits_ = static_cast<int64_t>(state[3]);
  return meter;
}

double ClassificationMeter::loss() const {
  return count_ == 0 ? 0.0 : loss_sum_ / static_cast<double>(count_);
}

double ClassificationMeter::top1() const {
  return count_ == 0 ? 0.0 : static_cast<double>(top1_hits_) / static_cast<double>(count_);
}

double ClassificationMeter::top5() const {
  return count_ == 0 ? 0.0 : static_cast<double>(top5_hits_) / static_cast<double>(count_);
}

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                            double label_smoothing) {
  namespace F = torch::nn::functional;
  return F::cross_entropy(logits, labels,
                          F::CrossEntropyFuncOptions().label_smoothing(label_smoothing));
}

}  // namespace sanas
