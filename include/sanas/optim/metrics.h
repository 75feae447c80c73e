// SPDX-License-Identifier: Apache-2.0
#pragma once

// Running loss and accuracy over batches.

#include <torch/types.h>

#include <array>
#include <cstdint>

namespace sanas {

/// Loss and accuracies over any number of batches, every example with equal weight.
class ClassificationMeter {
 public:
  /// Waits for the device once. @param loss mean over the batch. @param logits N×K.
  /// @param labels int64, N.
  void add(const torch::Tensor& loss, const torch::Tensor& logits, const torch::Tensor& labels);
  /// The same from what count_hits found.
  void add(int64_t examples, double loss, double top1_hits, double top5_hits);

  void add(const ClassificationMeter& other);

  int64_t count() const { return count_; }
  /// NaN without examples, here and below: the mean over nothing is no number.
  double loss() const;
  /// Fractions in [0, 1].
  double top1() const;
  double top5() const;

  /// Everything the meter holds, to save it and to go on: count, sum of losses, hits.
  std::array<double, 4> state() const;
  static ClassificationMeter from_state(const std::array<double, 4>& state);

 private:
  int64_t count_ = 0;
  double loss_sum_ = 0.0;
  int64_t top1_hits_ = 0;
  int64_t top5_hits_ = 0;
};

/// How many labels are the largest of their logits, and how many among the largest five: [top-1,
/// top-5], still on the device, for who collects numbers of a step before waiting for it (to_host).
torch::Tensor count_hits(const torch::Tensor& logits, const torch::Tensor& labels);

/// Mean over the batch of −Σ q log p with q = (1 − ε) onehot + ε/K (darts-family §5.6).
torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                            double label_smoothing = 0.0);

}  // namespace sanas
