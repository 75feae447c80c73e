// SPDX-License-Identifier: Apache-2.0
#pragma once

// The search network of PR-DARTS.

#include <memory>
#include <utility>

#include "sanas/supernet/cell_supernet.h"
#include "supernet/gate_sampler.h"
#include "supernet/path_regularizer.h"

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

  /// Draws the gates.
  ArchitectureSample sample_architecture() override;

  /// The regulariser of §9.3 on the operations that the pass has used.
  torch::Tensor regularization(const ArchitectureSample& sample) const override;

  /// Sets the temperature.
  void start_epoch(const SearchEpoch& epoch) override;

  /// τ > 0.
  void set_temperature(double temperature) { temperature_ = temperature; }
  double temperature() const { return temperature_; }

 private:
  CellWeights draw(bool reduction);

  PrdartsOptions prdarts_;
  GateSampler sampler_;
  PathRegularizer regularizer_;
  double temperature_;
};

}  // namespace sanas
