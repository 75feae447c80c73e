// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sanas/supernet/cell_supernet.h"
#include "sanas/supernet/pdarts_options.h"

namespace sanas {

/// The search network of one stage of P-DARTS (darts-family §7): its space lists the operations
/// that are still on, edge by edge. State-dict names are cells.I.cell_ops.E.m_ops.K. What a stage
/// leaves to the next one is `drop_operations` on `space()` and `edge_weights`.
class PdartsSupernet : public CellSupernet {
 public:
  /// @param options of the base network; the stage adds its cells and channels.
  /// Throws ConfigError for an impossible plan (see validate), or one that keeps more operations
  /// than there are.
  PdartsSupernet(const SearchSpace& space, std::shared_ptr<ArchParameters> architecture,
                 const SupernetOptions& options, const PdartsOptions& pdarts);

  /// The final choice of §7.5 among the current operations, with at most
  /// PdartsOptions::max_skips skips in the normal cell. `derive_pdarts` has all alternatives.
  Genotype derive() const override;
  double margin() const override;

  /// Sets the dropout rate on skip connections.
  void start_epoch(const SearchEpoch& epoch) override;

 private:
  void set_skip_dropout(double rate);

  PdartsOptions pdarts_;
};

}  // namespace sanas
