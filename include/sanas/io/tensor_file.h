// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "sanas/io/named_tensors.h"

namespace sanas {

/// Reads `.pt` and `.pth` files as PyTorch state dicts, everything else as safetensors. Throws
/// FileError.
NamedTensors read_tensors(const std::filesystem::path& path);
/// The reverse.
void write_tensors(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace sanas
