// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads and writes a file of tensors in whichever format it has: safetensors or a PyTorch state
// dict.

#include <filesystem>

#include "sanas/formats/named_tensors.h"

namespace sanas {

/// Reads a PyTorch state dict or a safetensors file, whichever it is by its content, whatever it is
/// called. Throws FileError.
NamedTensors read_tensors(const std::filesystem::path& path);
/// Writes `.pt` and `.pth` files as PyTorch state dicts, everything else as safetensors.
void write_tensors(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace sanas
