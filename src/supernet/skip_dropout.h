// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/nn/operations.h"

namespace sanas {

/// The stride-1 skip connection of P-DARTS (darts-family §7.3): in training mode every element is
/// dropped with probability `rate` and scaled by 1/(1 − rate) otherwise.
class SkipDropout : public Operation {
 public:
  torch::Tensor forward(const torch::Tensor& x) override;
  bool is_identity() const override { return !is_training() || rate_ <= 0.0; }

  /// @param rate in [0, 1); 0 passes the input on and draws no random number.
  void set_rate(double rate) { rate_ = rate; }
  double rate() const { return rate_; }

 private:
  double rate_ = 0.0;
};

}  // namespace sanas
