// SPDX-License-Identifier: Apache-2.0
#pragma once

// The optimizers of the weights (SGD) and of the architecture (Adam or SGD).

#include <torch/optim.h>

#include <cstdint>
#include <memory>
#include <string>

#include "sanas/core/parameters.h"
#include "sanas/optim/schedule.h"

namespace sanas {

/// SGD for network weights.
struct WeightOptimizerOptions {
  /// A new optimizer has the initial rate; who trains sets that of each epoch.
  ScheduleOptions schedule;
  double momentum = 0.9;
  double weight_decay = 3e-4;
  bool nesterov = false;
  /// Largest Euclidean norm of all gradients together; 0: no limit.
  double gradient_clip = 5.0;
};

enum class ArchitectureOptimizerKind { kAdam, kSgd };

std::string to_string(ArchitectureOptimizerKind kind);

/// For the architecture variables (darts-family §3).
struct ArchitectureOptimizerOptions {
  ArchitectureOptimizerKind optimizer = ArchitectureOptimizerKind::kAdam;
  double learning_rate = 3e-4;
  std::array<double, 2> betas{0.5, 0.999};
  /// Coupled: added to the gradient.
  double weight_decay = 1e-3;
  double momentum = 0.0;
  double gradient_clip = 0.0;
  /// Standard deviation of the initial values.
  double init_std = 1e-3;
  /// Steps per update, each on its own validation batch (supplement §B: "one or more").
  int64_t steps = 1;
  /// Epochs in which the architecture stands still.
  int64_t start_epoch = 0;
};

/// SGD with momentum over a list of parameters, in the arithmetic of torch.optim.SGD:
/// g ← gradient + weight_decay·p; m ← momentum·m + g (first m = g); p ← p − rate·m, or
/// p − rate·(g + momentum·m) with `nesterov`. It takes its gradients as an argument, so that
/// nothing depends on what was accumulated where, and treats all parameters together
/// (core/parameters.h).
class WeightOptimizer {
 public:
  WeightOptimizer(TensorList parameters, const WeightOptimizerOptions& options);

  /// Clips `gradients` to the configured norm and makes one step.
  /// @return the norm before clipping.
  double step(const TensorList& gradients);
  /// The same for who knows `norm`, which is gradient_norm(gradients), already: nothing waits for
  /// the device.
  void step(const TensorList& gradients, const torch::Tensor& norm);

  void set_learning_rate(double rate) { learning_rate_ = rate; }
  double learning_rate() const { return learning_rate_; }
  const WeightOptimizerOptions& options() const { return options_; }
  const TensorList& parameters() const { return parameters_; }

  /// Momentum buffers in parameter order; zeros before the first step, as in DARTS' virtual step
  /// (darts-family §3).
  TensorList momentum_buffers() const;
  void set_momentum_buffers(const TensorList& buffers);

 private:
  TensorList parameters_;
  WeightOptimizerOptions options_;
  double learning_rate_;
  /// Empty before the first step.
  TensorList momentum_buffers_;
};

/// The optimizer of the architecture variables.
class ArchitectureOptimizer {
 public:
  ArchitectureOptimizer(TensorList parameters, const ArchitectureOptimizerOptions& options);

  /// Clips `gradients` where configured and makes one step. @return the norm before clipping.
  double step(const TensorList& gradients);

  const ArchitectureOptimizerOptions& options() const { return options_; }

  /// What the optimizer remembers, to save it and to go on: steps done, then per parameter the
  /// first and second moments (Adam) or the momentum buffer (SGD with momentum). Zeros before the
  /// first step.
  TensorList state() const;
  /// Throws FileError if `state` is not of this optimizer's form.
  void set_state(const TensorList& state);

 private:
  TensorList parameters_;
  ArchitectureOptimizerOptions options_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

/// Norm of all gradients together, on their device and in their own precision: a scalar that is not
/// finite if and only if a gradient is not, or is so large that its square is not.
torch::Tensor gradient_norm(const TensorList& gradients);

/// `gradients` scaled so that `norm`, their common norm, is at most `limit` (0: no limit), with the
/// field's factor limit / (norm + 1e-6).
TensorList clip_gradients(const TensorList& gradients, const torch::Tensor& norm, double limit);

}  // namespace sanas
