// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "probe/networks.h"
#include "sanas/core/autocast.h"

namespace sanas {

/// What a pass is.
enum class Work {
  /// Of the loss, with the gradients of all weights and architecture variables.
  kForwardBackward,
  /// The configured attack; of a discrete network the default one.
  kAttack,
  /// Logits in evaluation mode.
  kInference,
  /// Gradients of all weights, clipped, and a step of SGD.
  kTrainingStep,
  /// The architecture's gradient by the configured method.
  kArchitectureStep,
};

struct TimedWorkOptions {
  Work work = Work::kForwardBackward;
  NetworkOptions network;
  /// Unset: as configured.
  std::optional<KernelChoice> kernels;
  std::string weights;
  std::string input;
  torch::Dtype dtype = torch::kFloat32;
  /// Of forward passes, but those of an architecture step.
  Precision precision = Precision::kFloat32;
  /// Into how many the mini-batch of a training step is cut.
  int64_t parts = 1;
};

/// A network with weights and images, ready to do its work again and again.
struct TimedWork {
  std::function<void()> run;
  /// That `run` has come to; mean over the images.
  std::function<double()> loss;
  /// Multiply-adds of a forward pass per image.
  std::function<int64_t()> macs;
  /// What computes: an instruction set, or "composed".
  std::string kernels;
};

/// Throws ConfigError or FileError.
TimedWork prepare_work(const TimedWorkOptions& options);

}  // namespace sanas
