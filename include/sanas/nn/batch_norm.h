// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batch norm whose running statistics can stand still for the time of a scope.

#include <torch/nn/modules/batchnorm.h>

#include <memory>
#include <utility>
#include <vector>

#include "sanas/core/parameters.h"

namespace sanas {

/// torch::nn::BatchNorm2d with the same numbers and state-dict names, made for networks with a
/// thousand of them: its statistics can be frozen, and `num_batches_tracked` stays on the CPU as
/// int64 wherever the module goes, so that to count costs no kernel launch.
class BatchNormImpl : public torch::nn::BatchNorm2dImpl {
 public:
  /// @param options with a momentum.
  explicit BatchNormImpl(const torch::nn::BatchNorm2dOptions& options);

  /// N×C×H×W in and out.
  torch::Tensor forward(const torch::Tensor& x);

  /// Whether the statistics of the batch are normalised with, and not the running ones.
  bool uses_batch() const { return is_training() || !options.track_running_stats(); }
  /// Counts a batch where the running statistics take up those of batches. @return whether they do.
  bool count_batch();

  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Device device, bool non_blocking = false) override;

  /// Whether forward passes leave running statistics and count as they are. The output is the same:
  /// in training it depends on the batch alone.
  bool frozen() const { return frozen_; }
  void set_frozen(bool frozen) { frozen_ = frozen; }

 private:
  void keep_count_on_cpu();

  bool frozen_ = false;
};
TORCH_MODULE(BatchNorm);

/// Inside its scope forward passes leave the buffers (running statistics) of a module as they are:
/// batch norms are frozen, and what else has buffers gets them back at the end, bit for bit. Two
/// scopes on one module may be nested.
class FrozenStatistics {
 public:
  explicit FrozenStatistics(torch::nn::Module& module);
  ~FrozenStatistics();
  FrozenStatistics(const FrozenStatistics&) = delete;
  FrozenStatistics& operator=(const FrozenStatistics&) = delete;

 private:
  /// With what they were before.
  std::vector<std::pair<std::shared_ptr<BatchNormImpl>, bool>> batch_norms_;
  ScopedBuffers others_;
};

}  // namespace sanas
