// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <filesystem>
#include <memory>

#include "sanas/data/image_preparation.h"
#include "sanas/io/checkpoint_info.h"
#include "sanas/saliency/explained_network.h"

namespace sanas {

enum class CheckpointWeights {
  kTrained,  ///< those of the file
  kFresh,    ///< new random ones, as before training
};

/// The network of a checkpoint (of a training, or W1 of a search) in evaluation mode, and what it
/// was trained on.
struct ExplainedCheckpoint {
  CheckpointInfo info;
  /// How the network's tests bring it an image.
  std::shared_ptr<const ImagePreparation> preparation;
  std::shared_ptr<torch::nn::Module> module;
  /// Refers to `module`. A network whose batch norms have no running statistics, or that draws
  /// random numbers, sees one image at a time and the same numbers for each. Throws Interrupted
  /// once a signal asks to stop (ScopedSignals).
  ExplainedNetwork network;

  /// Size of the images that it sees, in pixels.
  int64_t height() const { return preparation->height(); }
  int64_t width() const { return preparation->width(); }
};

/// Throws FileError if the file is no checkpoint of this program, or doesn't fit the network that
/// it describes.
/// @param seed of fresh weights.
ExplainedCheckpoint load_explained_checkpoint(
    const std::filesystem::path& path, const torch::Device& device, torch::ScalarType type,
    CheckpointWeights weights = CheckpointWeights::kTrained, uint64_t seed = 0);

}  // namespace sanas
