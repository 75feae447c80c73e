// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/config/config.h"
#include "sanas/nn/eval_network.h"
#include "sanas/train/evaluation_loop.h"

namespace sanas {

/// A training as it stands, for one safetensors file: the state dict under `net.`, momentum buffers
/// under `m.`, the moving average under `ema.` and the best network so far under `best.` where
/// there are such, the epoch's meter; in the metadata configuration, genotype, classes and step.
NamedTensors training_checkpoint(const EvaluationLoop& loop, const Config& config,
                                 const DatasetInfo& info, uint64_t metrics_position);

/// Puts a loop into the state of a checkpoint of the same configuration and genotype. Throws
/// FileError if it is of another genotype or the tensors don't fit.
void load_training_checkpoint(const NamedTensors& tensors, const std::string& source,
                              EvaluationLoop& loop);

/// A trained network by itself with the values that its training reports (the best ones, the moving
/// average, or the last ones), ready to predict, and what it was trained on.
struct TrainedNetwork {
  CheckpointInfo info;
  std::shared_ptr<EvalNetwork> network;
};

/// Throws FileError if the file is no checkpoint of a training.
TrainedNetwork load_trained_network(const NamedTensors& tensors, const std::string& source,
                                    const torch::Device& device);

}  // namespace sanas
