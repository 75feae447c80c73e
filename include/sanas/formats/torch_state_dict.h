// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads and writes state dicts of PyTorch (`.pt`, `.pth`) without running anything that they
// contain.

#include <filesystem>
#include <string>
#include <string_view>

#include "sanas/formats/named_tensors.h"

namespace sanas {

/// Reads what Python's `torch.save` wrote onto the CPU, in its zip format or that of before torch
/// 1.6: a state dict, or a checkpoint of plain containers around one.
///
/// * If the outer dictionary holds another one with tensors under `state_dict`, `model_state_dict`,
///   `model`, `net` or `network`, its tensors are the result, under their own names; a file with
///   several of these is refused. Otherwise every tensor of the file is, under the keys on the way
///   to it joined with dots; positions in a list count as keys.
/// * Numbers and texts become metadata: those of the whole file in the second case; in the first,
///   those directly in the outer dictionary. Module versions (`_metadata`), and what has no form
///   here (a Counter, a device, a set, …), are left out; sparse, quantized and complex tensors are
///   refused among the tensors, and left out beside a state dict.
/// * Tensors that shared memory when they were saved share it again, as with `torch.load`. Tensors
///   expanded beyond their storage are refused.
///
/// Nothing in the file is executed: its pickle may name what `torch.load` allows by default
/// (`weights_only=True`), any other global is refused by name. All sizes are checked before memory
/// is taken, all checksums (which the zip format has) are compared. Throws FileError that says
/// which byte or member is wrong.
NamedTensors read_torch_state_dict(const std::filesystem::path& path);

/// The same from memory; `source` is the name in messages.
NamedTensors parse_torch_state_dict(std::string_view bytes,
                                    const std::string& source = "state dict");

/// Writes the tensors (not the metadata) atomically as an OrderedDict that `torch.load(path)` reads
/// with its defaults, each with memory of its own. Throws FileError for an element type other than
/// those of safetensors, and what `write_file_atomically` throws.
void write_torch_state_dict(const std::filesystem::path& path, const NamedTensors& tensors);

/// The content of that file.
std::string serialize_torch_state_dict(const NamedTensors& tensors);

}  // namespace sanas
