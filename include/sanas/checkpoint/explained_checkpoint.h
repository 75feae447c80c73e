// SPDX-License-Identifier: Apache-2.0
#pragma once

// Opens a checkpoint as a network that saliency methods can look into.

#include <filesystem>

#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/saliency/explained_network.h"

namespace sanas {

enum class CheckpointWeights {
  kTrained,  ///< those of the file
  kFresh,    ///< new random ones, as before training
};

/// The network of a checkpoint (of a training, or W1 of a search) in evaluation mode, and what it
/// was trained on.
struct ExplainedCheckpoint : ExplainedModule {
  CheckpointInfo info;
};

/// Throws FileError if the file is no checkpoint of this program, or doesn't fit the network that
/// it describes.
/// @param seed of fresh weights.
ExplainedCheckpoint load_explained_checkpoint(
    const std::filesystem::path& path, const torch::Device& device, torch::ScalarType type,
    CheckpointWeights weights = CheckpointWeights::kTrained, uint64_t seed = 0);

}  // namespace sanas
