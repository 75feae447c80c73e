// SPDX-License-Identifier: Apache-2.0
#include "supernet/pdarts_supernet.h"

#include "genotype/progressive_derivation.h"
#include "sanas/core/error.h"
#include "supernet/skip_dropout.h"

namespace sanas {
namespace {

std::shared_ptr<Operation> make_candidate(Primitive primitive, int64_t channels, int64_t stride,
                                          const OperationOptions& options) {
  if (primitive == Primitive::kSkipConnect && stride == 1) {
    return std::make_shared<SkipDropout>();
  }
  return make_operation(primitive, channels, stride, options);
}

SupernetStyle pdarts_style(const OperationOptions& operations) {
  SupernetStyle style;
  style.cell.operations = operations;
  style.cell.edge_list = "cell_ops";
  style.cell.make_edge = [operations](const std::vector<Primitive>& candidates, int64_t channels,
                                      int64_t stride) {
    return std::make_shared<MixedOperation>(candidates, channels, stride, operations, "m_ops",
                                            make_candidate);
  };
  return style;
}

SupernetOptions of_stage(SupernetOptions options, const PdartsOptions& pdarts) {
  validate(pdarts);
  const auto stage = static_cast<size_t>(pdarts.stage);
  options.cells += pdarts.added_cells[stage];
  options.channels += pdarts.added_channels[stage];
  return options;
}

}  // namespace

PdartsSupernet::PdartsSupernet(const SearchSpace& space,
                               std::shared_ptr<ArchParameters> architecture,
                               const SupernetOptions& options, const PdartsOptions& pdarts)
    : CellSupernet(space, std::move(architecture), of_stage(options, pdarts),
                   pdarts_style(operation_options(options))),
      pdarts_(pdarts) {
  const int64_t kept = pdarts.kept_operations[static_cast<size_t>(pdarts.stage)];
  if (kept > space.operations()) {
    throw ConfigError("supernet.pdarts.kept_operations: stage " + std::to_string(pdarts.stage) +
                      " can't keep " + std::to_string(kept) + " of the " +
                      std::to_string(space.operations()) + " operations of space " + space.name);
  }
  set_skip_dropout(pdarts.skip_dropout[static_cast<size_t>(pdarts.stage)]);
}

Genotype PdartsSupernet::derive() const {
  return with_skip_limit(derive_pdarts(space(), edge_weights(false), edge_weights(true)),
                         pdarts_.max_skips)
      .genotype;
}

double PdartsSupernet::margin() const {
  return pdarts_derivation_margin(space(), edge_weights(false), edge_weights(true),
                                  pdarts_.max_skips);
}

void PdartsSupernet::start_epoch(const SearchEpoch& epoch) {
  const double initial = pdarts_.skip_dropout[static_cast<size_t>(pdarts_.stage)];
  set_skip_dropout(skip_dropout_rate(initial, epoch.index, epoch.count, epoch.warmup));
}

void PdartsSupernet::set_skip_dropout(double rate) {
  for (const auto& child : modules(/*include_self=*/false)) {
    if (auto* skip = child->as<SkipDropout>()) {
      skip->set_rate(rate);
    }
  }
}

}  // namespace sanas
