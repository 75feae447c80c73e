// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/metrics.h"

#include <torch/nn/functional/loss.h>

#include <algorithm>

#include "sanas/core/parameters.h"

namespace sanas {

torch::Tensor count_hits(const torch::Tensor& logits, const torch::Tensor& labels) {
  const torch::NoGradGuard no_grad;
  const int64_t k = std::min<int64_t>(5, logits.size(1));
  const auto hits = std::get<1>(logits.topk(k, 1)).eq(labels.view({-1, 1}));
  return torch::stack({hits.select(1, 0).sum(), hits.sum()});
}

void ClassificationMeter::add(const torch::Tensor& loss, const torch::Tensor& logits,
                              const torch::Tensor& labels) {
  const auto values = to_host({loss, count_hits(logits, labels)});
  add(labels.size(0), values[0], values[1], values[2]);
}

void ClassificationMeter::add(int64_t examples, double loss, double top1_hits, double top5_hits) {
  count_ += examples;
  loss_sum_ += loss * static_cast<double>(examples);
  top1_hits_ += static_cast<int64_t>(top1_hits);
  top5_hits_ += static_cast<int64_t>(top5_hits);
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

// 0/0 is NaN.
double ClassificationMeter::loss() const {
  return (count_ == 0 ? 0.0 : loss_sum_) / static_cast<double>(count_);
}

double ClassificationMeter::top1() const {
  return static_cast<double>(top1_hits_) / static_cast<double>(count_);
}

double ClassificationMeter::top5() const {
  return static_cast<double>(top5_hits_) / static_cast<double>(count_);
}

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                            double label_smoothing) {
  namespace F = torch::nn::functional;
  return F::cross_entropy(logits, labels,
                          F::CrossEntropyFuncOptions().label_smoothing(label_smoothing));
}

}  // namespace sanas
