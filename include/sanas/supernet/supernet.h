// SPDX-License-Identifier: Apache-2.0
#pragma once

// The interface of all search networks.

#include <torch/nn/module.h>

#include <memory>

#include "sanas/genotype/genotype.h"
#include "sanas/genotype/search_space.h"
#include "sanas/kernels/kernel_choice.h"
#include "sanas/nn/eval_network.h"
#include "sanas/nn/initialization.h"
#include "sanas/supernet/arch_parameters.h"
#include "sanas/supernet/architecture_sample.h"

namespace sanas {

/// What all search networks have in common.
struct SupernetOptions {
  NetworkKind kind = NetworkKind::kCifar;
  /// Channels of the first cells' nodes; doubled at each reduction cell.
  int64_t channels = 16;
  int64_t cells = 8;
  int64_t classes = 10;
  OddSize odd_size = OddSize::kError;
  /// How `none` is computed.
  ZeroVariant zero = ZeroVariant::kSkipped;
  Initialization initialization = Initialization::kModern;
  KernelChoice kernels = KernelChoice::kAuto;
};

/// An epoch of a search.
struct SearchEpoch {
  /// From 0 on.
  int64_t index = 0;
  int64_t count = 1;
  /// Epochs at the beginning in which the architecture stands still.
  int64_t warmup = 0;
};

/// A search network on shared architecture variables (architecture.md: "W1 and W2 of the same A"
/// are two of these on one ArchParameters).
class Supernet : public torch::nn::Module {
 public:
  Supernet(SearchSpace space, std::shared_ptr<ArchParameters> architecture)
      : space_(std::move(space)), architecture_(std::move(architecture)) {}

  /// What a forward pass uses of the architecture, for as long as the architecture variables keep
  /// their values. PR-DARTS draws it from LibTorch's generators.
  virtual ArchitectureSample sample_architecture() = 0;

  /// @param x N×3×H×W, normalised. @return logits, N × classes.
  virtual torch::Tensor forward(const torch::Tensor& x, const ArchitectureSample& sample) = 0;

  /// With a sample of its own.
  torch::Tensor forward(const torch::Tensor& x) { return forward(x, sample_architecture()); }

  /// Operation weights of all edges of a cell type as the family's derivation compares them: edges
  /// × operations, without history, on the CPU, so that a genotype does not depend on the device.
  virtual torch::Tensor edge_weights(bool reduction) const = 0;

  /// The genotype of the current architecture variables by the family's rule.
  virtual Genotype derive() const;

  /// How narrowly the weakest choice of `derive` was made; 0 means that a tie decided.
  virtual double margin() const;

  /// A term of the architecture's loss besides the data, or an undefined tensor.
  /// @param sample of the forward pass that the loss comes from.
  virtual torch::Tensor regularization(const ArchitectureSample& /*sample*/) const { return {}; }

  /// Sets what depends on the epoch (temperatures, dropout rates) before the epoch begins.
  virtual void start_epoch(const SearchEpoch& /*epoch*/) {}

  const SearchSpace& space() const { return space_; }
  ArchParameters& architecture() { return *architecture_; }
  const ArchParameters& architecture() const { return *architecture_; }
  const std::shared_ptr<ArchParameters>& shared_architecture() const { return architecture_; }

 private:
  SearchSpace space_;
  std::shared_ptr<ArchParameters> architecture_;
};

}  // namespace sanas
