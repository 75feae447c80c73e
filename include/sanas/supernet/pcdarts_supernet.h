// SPDX-License-Identifier: Apache-2.0
#pragma once

// The search network of PC-DARTS.

#include <memory>
#include <optional>
#include <utility>

#include "sanas/supernet/cell_supernet.h"

namespace sanas {

struct PcdartsOptions {
  /// K: operations see one K-th of the channels, which it must divide. Unset: the paper's 4 for
  /// CIFAR-sized and 2 for ImageNet-sized images.
  std::optional<int64_t> partial_channels;

  int64_t parts(NetworkKind kind) const {
    return partial_channels.value_or(kind == NetworkKind::kImageNet ? 2 : 4);
  }
};

/// softmax of the betas over the incoming edges of each node (darts-family §8.2).
/// @param betas one per edge.
torch::Tensor normalize_edges(const torch::Tensor& betas, const CellTopology& topology);

/// The search network of PC-DARTS (darts-family §8): partial channels and edge normalisation. Its
/// architecture variables need betas.
class PcdartsSupernet : public CellSupernet {
 public:
  /// Throws ConfigError where K does not divide the channels.
  PcdartsSupernet(const SearchSpace& space, std::shared_ptr<ArchParameters> architecture,
                  const SupernetOptions& options, const PcdartsOptions& pcdarts);

  /// softmax of the alphas times the normalised beta of their edge, both as float32.
  torch::Tensor edge_weights(bool reduction) const override;

 protected:
  ArchitectureSample sample_architecture() override;
};

}  // namespace sanas
