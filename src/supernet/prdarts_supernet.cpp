// SPDX-License-Identifier: Apache-2.0
#include "supernet/prdarts_supernet.h"

#include <algorithm>

#include "sanas/genotype/derivation.h"

namespace sanas {
namespace {

SupernetStyle prdarts_style(const SearchSpace& space, const PrdartsOptions& prdarts,
                            OperationOptions operations) {
  validate(prdarts, space);
  operations.pool_batch_norm = false;
  operations.track_running_stats = false;
  operations.odd_size = OddSize::kPad;
  SupernetStyle style;
  style.final_activation = true;
  style.cell.operations = operations;
  style.cell.edge_list = "edges";
  style.cell.named_edges = true;
  style.cell.make_edge = [operations](const std::vector<Primitive>& candidates, int64_t channels,
                                      int64_t stride) {
    return std::make_shared<MixedOperation>(candidates, channels, stride, operations);
  };
  return style;
}

}  // namespace

PrdartsSupernet::PrdartsSupernet(const SearchSpace& space,
                                 std::shared_ptr<ArchParameters> architecture,
                                 const SupernetOptions& options, const PrdartsOptions& prdarts,
                                 std::shared_ptr<GateNoise> noise)
    : CellSupernet(space, std::move(architecture), options,
                   prdarts_style(space, prdarts, operation_options(options))),
      prdarts_(prdarts),
      sampler_(prdarts, std::move(noise)),
      regularizer_(space, prdarts),
      temperature_(prdarts.temperature_start) {}

Genotype PrdartsSupernet::derive() const {
  const auto& topology = space().topology;
  return {derive_prdarts_cell(space().normal, topology, edge_weights(false)),
          derive_prdarts_cell(space().reduce, topology, edge_weights(true))};
}

double PrdartsSupernet::margin() const {
  const auto& topology = space().topology;
  return std::min(prdarts_derivation_margin(space().normal, topology, edge_weights(false)),
                  prdarts_derivation_margin(space().reduce, topology, edge_weights(true)));
}

torch::Tensor PrdartsSupernet::regularization(const ArchitectureSample& sample) const {
  return regularizer_(architecture().alphas(false), architecture().alphas(true),
                      mask_of(sample.normal.operations), mask_of(sample.reduce.operations),
                      temperature_);
}

void PrdartsSupernet::start_epoch(const SearchEpoch& epoch) {
  temperature_ = gate_temperature(prdarts_, epoch.index, epoch.count);
}

ArchitectureSample PrdartsSupernet::sample_architecture() {
  auto normal = draw(false);
  return {std::move(normal), draw(true)};
}

CellWeights PrdartsSupernet::draw(bool reduction) {
  const auto& alphas = architecture().alphas(reduction);
  const auto gates = sampler_.sample(alphas, temperature_);
  CellWeights result{split_weights(gates.weights.to(alphas.device())), {}};
  const auto table = gates.mask.to(torch::kDouble);  // on the CPU, and the accessor needs it alive
  const auto chosen = table.accessor<double, 2>();
  for (int64_t e = 0; e < table.size(0); ++e) {
    for (int64_t k = 0; k < table.size(1); ++k) {
      if (chosen[e][k] == 0.0) {
        result.operations[static_cast<size_t>(e)][static_cast<size_t>(k)].reset();
      }
    }
  }
  return result;
}

}  // namespace sanas
