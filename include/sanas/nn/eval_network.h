// SPDX-License-Identifier: Apache-2.0
#pragma once

// The discrete network of a genotype, for images of the size of CIFAR or ImageNet.

#include <torch/nn.h>

#include <memory>
#include <vector>

#include "sanas/genotype/genotype.h"
#include "sanas/nn/cell_frame.h"
#include "sanas/nn/discrete_cell.h"
#include "sanas/nn/operations.h"

namespace sanas {

/// Which second batch norm the auxiliary head of the ImageNet network has: none, as in DARTS and
/// PC-DARTS, or one, as in P-DARTS and PR-DARTS (darts-family §5.3).
enum class AuxiliaryVariant { kDarts, kPdarts };

struct EvalNetworkOptions {
  NetworkKind kind = NetworkKind::kCifar;
  /// Channels of the first cells' nodes; doubled at each reduction cell.
  int64_t channels = 36;
  int64_t cells = 20;
  int64_t classes = 10;
  /// Build the auxiliary head; it is used in training mode only.
  bool auxiliary = false;
  AuxiliaryVariant auxiliary_variant = AuxiliaryVariant::kDarts;
  OddSize odd_size = OddSize::kError;
  KernelChoice kernels = KernelChoice::kAuto;
};

/// Throws DataError where images of that size (height or width) come to an odd size before they are
/// halved, so that a network of `cells` cells refuses them (OddSize::kError).
void check_image_size(NetworkKind kind, int64_t size, int64_t cells, OddSize odd_size);

struct EvalOutput {
  /// N × classes.
  torch::Tensor logits;
  /// N × classes, or undefined where there is no auxiliary head or in evaluation mode.
  torch::Tensor auxiliary_logits;
};

/// The discrete network of a genotype for CIFAR-sized or ImageNet-sized images (darts-family
/// §5.2–5.4), with the state-dict names of the original code.
class EvalNetwork : public torch::nn::Module {
 public:
  EvalNetwork(const Genotype& genotype, const EvalNetworkOptions& options);

  /// @param x N×3×H×W, normalised. With an auxiliary head in training mode, H and W must be 32
  ///        (CIFAR) or 224 (ImageNet).
  EvalOutput forward(const torch::Tensor& x);

  /// Like forward, and also returns the last cell's output (N×C×h×w), which Grad-CAM looks at.
  EvalOutput forward(const torch::Tensor& x, torch::Tensor* features);

  /// The probability of dropping a path in training mode, set by the schedule of §5.4.
  void set_drop_path_probability(double probability) { drop_path_probability_ = probability; }

  const Genotype& genotype() const { return genotype_; }
  const EvalNetworkOptions& options() const { return options_; }
  const std::vector<std::shared_ptr<DiscreteCell>>& cells() const { return frame_.cells(); }

 private:
  Genotype genotype_;
  EvalNetworkOptions options_;
  double drop_path_probability_ = 0.0;
  CellFrame<DiscreteCell> frame_;
  std::shared_ptr<Operation> auxiliary_head_;
};

}  // namespace sanas
