// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/pcdarts_supernet.h"

#include "sanas/core/error.h"
#include "supernet/partial_mixed_operation.h"

namespace sanas {
namespace {

SupernetStyle pcdarts_style(const SupernetOptions& options, const PcdartsOptions& pcdarts,
                            const OperationOptions& operations) {
  const int64_t parts = pcdarts.parts(options.kind);
  if (parts < 1 || options.channels % parts != 0) {
    throw ConfigError(
        "supernet.pcdarts.partial_channels = " + std::to_string(parts) +
        ": expected a divisor of supernet.channels = " + std::to_string(options.channels));
  }
  SupernetStyle style;
  style.cell.operations = operations;
  style.cell.partial_channels = parts;
  style.cell.make_edge = [=](const std::vector<Primitive>& candidates, int64_t channels,
                             int64_t stride) {
    return std::make_shared<PartialMixedOperation>(candidates, channels, stride, operations, parts);
  };
  return style;
}

}  // namespace

torch::Tensor normalize_edges(const torch::Tensor& betas, const CellTopology& topology) {
  std::vector<torch::Tensor> nodes;
  for (int node = 0; node < topology.nodes; ++node) {
    nodes.push_back(betas.narrow(0, topology.first_edge(node), node + 2).softmax(0));
  }
  return torch::cat(nodes);
}

PcdartsSupernet::PcdartsSupernet(const SearchSpace& space,
                                 std::shared_ptr<ArchParameters> architecture,
                                 const SupernetOptions& options, const PcdartsOptions& pcdarts)
    : CellSupernet(space, std::move(architecture), options,
                   pcdarts_style(options, pcdarts, operation_options(options))) {
  TORCH_CHECK(this->architecture().has_betas(), "PC-DARTS needs architecture variables with betas");
}

torch::Tensor PcdartsSupernet::edge_weights(bool reduction) const {
  const auto alphas = architecture().alphas(reduction).detach().cpu();
  const auto betas = architecture().betas(reduction).detach().cpu();
  return alphas.softmax(-1).to(torch::kFloat32) *
         normalize_edges(betas, space().topology).to(torch::kFloat32).unsqueeze(-1);
}

ArchitectureSample PcdartsSupernet::sample_architecture() {
  auto sample = CellSupernet::sample_architecture();
  const auto& topology = space().topology;
  sample.normal.edges = normalize_edges(architecture().betas(false), topology).unbind(0);
  sample.reduce.edges = normalize_edges(architecture().betas(true), topology).unbind(0);
  return sample;
}

}  // namespace sanas
