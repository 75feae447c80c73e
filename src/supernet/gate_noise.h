// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the gates of PR-DARTS get their random numbers from.

#include <torch/types.h>

namespace sanas {

/// Where the gates of PR-DARTS get their random numbers from. All results are on the CPU.
class GateNoise {
 public:
  virtual ~GateNoise() = default;
  /// U[0, 1), in the shape of `like` and of its type.
  virtual torch::Tensor uniform(const torch::Tensor& like) = 0;
  /// 1 with probability `probability` and 0 otherwise, in the shape of `like` and of its type.
  virtual torch::Tensor dropped(const torch::Tensor& like, double probability) = 0;
  /// The numbers 0 … count − 1 in random order, int64.
  virtual torch::Tensor permutation(int64_t count) = 0;
};

/// From LibTorch's default CPU generator, whatever device the network is on: one seed gives one
/// sequence of architectures everywhere.
class RandomGateNoise : public GateNoise {
 public:
  torch::Tensor uniform(const torch::Tensor& like) override;
  torch::Tensor dropped(const torch::Tensor& like, double probability) override;
  torch::Tensor permutation(int64_t count) override;
};

}  // namespace sanas
