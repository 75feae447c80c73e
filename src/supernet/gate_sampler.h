// SPDX-License-Identifier: Apache-2.0
#pragma once

// Draws the gates of PR-DARTS: which operations a forward pass uses.

#include <torch/types.h>

#include <memory>

#include "sanas/supernet/prdarts_options.h"
#include "supernet/gate_noise.h"

namespace sanas {

/// The operations that the edges of a cell type use in one forward pass. Both tensors are edges ×
/// operations, on the CPU.
struct GateSample {
  /// 1 where an operation is used, 0 elsewhere; without history.
  torch::Tensor mask;
  /// mask − stop_gradient(p) + p with the gate p: numerically the mask, differentiable like p
  /// (straight-through).
  torch::Tensor weights;
};

/// Draws the gates of PR-DARTS (darts-family §9.2): stretched hard-concrete gates, of which the
/// largest few of each edge are used.
class GateSampler {
 public:
  explicit GateSampler(const PrdartsOptions& options,
                       std::shared_ptr<GateNoise> noise = std::make_shared<RandomGateNoise>());

  /// @param alphas edges × operations, on any device. @param temperature τ > 0.
  GateSample sample(const torch::Tensor& alphas, double temperature);

 private:
  torch::Tensor draw_gate(const torch::Tensor& alphas, double temperature);
  torch::Tensor choose(const torch::Tensor& scores, bool permute);

  PrdartsOptions options_;
  std::shared_ptr<GateNoise> noise_;
};

}  // namespace sanas
