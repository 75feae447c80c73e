// SPDX-License-Identifier: Apache-2.0
#pragma once

// The frame of all search networks: stem, cells and head.

#include <torch/nn.h>

#include <memory>
#include <utility>
#include <vector>

#include "sanas/nn/cell_frame.h"
#include "sanas/supernet/search_cell.h"
#include "sanas/supernet/supernet.h"

namespace sanas {

/// What distinguishes the network of one family from those of the others.
struct SupernetStyle {
  CellStyle cell;
  /// Batch norm and ReLU (`lastact`) between the last cell and the pooling.
  bool final_activation = false;
};

/// The frame that all families share (darts-family §2.1): stem, cells with reductions at a third
/// and two thirds of the depth, pooling, classifier. A family says how its edges are built and what
/// they are weighted with. For ImageNet-sized images the frame has two stems, and the first cell
/// starts as after a reduction (§8.4). Children: stem (or stem0 and stem1), cells.I, lastact,
/// classifier.
class CellSupernet : public Supernet {
 public:
  using Supernet::forward;
  torch::Tensor forward(const torch::Tensor& x, const ArchitectureSample& sample) override;

  /// Like forward, and also returns the last cell's output (N×C×h×w), which Grad-CAM looks at.
  torch::Tensor forward(const torch::Tensor& x, torch::Tensor* features);

  /// Here the softmax of the alphas.
  ArchitectureSample sample_architecture() override;

  /// softmax of the alphas.
  torch::Tensor edge_weights(bool reduction) const override;

  const std::vector<std::shared_ptr<SearchCell>>& cells() const { return frame_.cells(); }

 protected:
  /// Throws ConfigError for sizes that no network can have.
  CellSupernet(const SearchSpace& space, std::shared_ptr<ArchParameters> architecture,
               const SupernetOptions& options, const SupernetStyle& style);

  /// Batch norms without scale and shift, also behind pooling; policies from `options`.
  static OperationOptions operation_options(const SupernetOptions& options);

 private:
  torch::Tensor last_cell(const torch::Tensor& x, const ArchitectureSample& sample);
  torch::Tensor head(const torch::Tensor& features);

  CellFrame<SearchCell> frame_;
  torch::nn::Sequential final_activation_{nullptr};
};

}  // namespace sanas
