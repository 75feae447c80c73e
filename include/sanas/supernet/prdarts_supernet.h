// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "sanas/supernet/cell_supernet.h"
#include "sanas/supernet/gate_sampler.h"
#include "sanas/supernet/path_regularizer.h"

namespace sanas {

/// The search network of PR-DARTS (darts-family §9): every forward pass uses a few sampled
/// operations per edge. No batch norm behind pooling, batch norms of cells without running
/// statistics, odd sizes always padded, batch norm and ReLU before the pooling of the head
/// (`lastact`). State-dict names are cells.I.edges.N<-S._ops.K for node N and
/// source S.
class PrdartsSupernet : public CellSupernet {
 public:
  /// @param noise of the gates. Throws ConfigError for options that don't fit `space`.
  PrdartsSupernet(const SearchSpace& space, std::shared_ptr<ArchParameters> architecture,
                  const SupernetOptions& options, const PrdartsOptions& prdarts,
                  std::shared_ptr<GateNoise> noise = std::make_shared<RandomGateNoise>());

  /// The rule of §9.5 on the softmax of the alphas.
  Genotype derive() const override;
  double margin() const override;

  /// The regulariser of §9.3 on the operations of the last forward pass.
  torch::Tensor regularization() override;

  /// Sets the temperature.
  void start_epoch(int64_t epoch, int64_t epochs) override;

  /// τ > 0.
  void set_temperature(double temperature) { temperature_ = temperature; }
  double temperature() const { return temperature_; }

  /// The operations of the last forward pass: edges × operations, 1 where used, on the CPU.
  /// Undefined before the first pass.
  const torch::Tensor& mask(bool reduction) const { return masks_[reduction ? 1 : 0]; }

 protected:
  std::pair<CellWeights, CellWeights> cell_weights() override;

 private:
  CellWeights sample(bool reduction);

  PrdartsOptions prdarts_;
  GateSampler sampler_;
  PathRegularizer regularizer_;
  double temperature_;
  torch::Tensor masks_[2];
};

}  // namespace sanas
