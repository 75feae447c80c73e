// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <vector>

#include "saliency/image_batches.h"
#include "sanas/data/image_source.h"

namespace sanas {

/// The mask's file of each image; none for one that can't be read, which is added to `unreadable`.
/// Throws ConfigError for images without files, DataError for a mask that is missing, of another
/// size than its image, empty or full.
std::vector<std::filesystem::path> find_masks(const ImageSource& images,
                                              const std::filesystem::path& folder,
                                              UnreadableImages& unreadable);

/// A mask as bool, H×W. Throws DataError.
torch::Tensor read_mask(const std::filesystem::path& file);

}  // namespace sanas
