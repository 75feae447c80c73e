// SPDX-License-Identifier: Apache-2.0
#pragma once

// What search networks and discrete networks have in common: stem, row of cells, head.

#include <torch/nn.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "sanas/kernels/blocked_tensor.h"
#include "sanas/kernels/kernel_choice.h"
#include "sanas/nn/stem.h"

namespace sanas {

/// Where a cell stands in a network.
struct CellPlace {
  /// Channels of the outputs of cells k−2 and k−1, and of each node of this cell.
  int64_t before_previous_channels = 0;
  int64_t previous_channels = 0;
  int64_t channels = 0;
  bool reduction = false;
  /// The previous cell halved its output, so the input from cell k−2 is halved here.
  bool previous_reduction = false;
};

/// The reduction cells stand at a third and two thirds of the depth (darts-family §2.1).
bool is_reduction_cell(int64_t index, int64_t cells);

/// Goes through the places of a network's cells from the first to the last.
class CellWalk {
 public:
  /// @param channels of the first cells' nodes; doubled at each reduction cell.
  CellWalk(const Stem& stem, int64_t channels, int64_t cells);

  bool finished() const { return index_ == cells_; }
  /// Where the next cell stands.
  const CellPlace& place() const { return place_; }
  /// Goes on behind that cell. @param output_channels that it has.
  void step(int64_t output_channels);
  /// Channels of the last cell's output, or of the stem's.
  int64_t output_channels() const { return place_.previous_channels; }

 private:
  void enter();

  CellPlace place_;
  int64_t index_ = 0;
  int64_t cells_;
};

struct CellFrameOptions {
  NetworkKind kind = NetworkKind::kCifar;
  int64_t stem_channels = 0;
  /// Of the first cells' nodes; doubled at each reduction cell.
  int64_t channels = 0;
  int64_t cells = 0;
  KernelChoice kernels = KernelChoice::kAuto;
};

/// Stem, cells, global pooling and classifier of a network, which owns them as its children: stem
/// (or stem0 and stem1), cells.I, classifier. A `Cell` is a module with output_channels().
template <typename Cell>
class CellFrame {
 public:
  /// Adds stem and cells to `network`. @param make a cell from its CellPlace, as shared_ptr<Cell>.
  template <typename MakeCell>
  CellFrame(torch::nn::Module& network, const CellFrameOptions& options, MakeCell make)
      : stem_(network, options.kind, options.stem_channels), kernels_(options.kernels) {
    CellWalk walk(stem_, options.channels, options.cells);
    torch::nn::ModuleList list;
    for (; !walk.finished(); walk.step(cells_.back()->output_channels())) {
      cells_.push_back(make(walk.place()));
      list->push_back(std::static_pointer_cast<torch::nn::Module>(cells_.back()));
    }
    network.register_module("cells", list);
    output_channels_ = walk.output_channels();
  }

  /// Adds the classifier, which the original networks have behind everything else.
  void add_classifier(torch::nn::Module& network, int64_t classes) {
    classifier_ =
        network.register_module("classifier", torch::nn::Linear(output_channels_, classes));
  }

  /// The last cell's output, N×C×h×w.
  /// @param x N×3×H×W. @param run the output of cell `index` from those of the two before it, which
  ///        are tensors, or blocked tensors where the cells run on fused kernels.
  template <typename RunCell>
  torch::Tensor features(const torch::Tensor& x, RunCell run) {
    if (!runs_on_kernels(kernels_, x) || x.numel() == 0) {  // LibTorch says what nothing means
      const auto [s0, s1] = stem_.forward(x);
      return last_cell(s0, s1, run);
    }
    const auto [s0, s1] = stem_.forward(kernels::to_blocked(x, {x.size(1)}));
    return kernels::from_blocked(last_cell(s0, s1, run));
  }

  /// N×C×h×w to logits, N × classes.
  torch::Tensor classify(const torch::Tensor& features) {
    return classifier_->forward(torch::adaptive_avg_pool2d(features, {1, 1}).flatten(1));
  }

  const std::vector<std::shared_ptr<Cell>>& cells() const { return cells_; }
  /// Of the last cell.
  int64_t output_channels() const { return output_channels_; }

 private:
  template <typename State, typename RunCell>
  State last_cell(State s0, State s1, RunCell run) {
    for (size_t index = 0; index < cells_.size(); ++index) {
      s0 = std::exchange(s1, run(index, s0, s1));
    }
    return s1;
  }

  Stem stem_;
  KernelChoice kernels_;
  std::vector<std::shared_ptr<Cell>> cells_;
  int64_t output_channels_ = 0;
  torch::nn::Linear classifier_{nullptr};
};

}  // namespace sanas
