// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace sanas {

/// Adds a line to `sessions.jsonl` of a run folder: which program began at which step, when, in
/// which version, and on what machine (processor, cores, threads, memory, device, system). Nothing
/// of it names the machine or its user. Throws FileError.
/// @param program e.g. "sanas_search".
void record_session(const std::filesystem::path& folder, const std::string& program,
                    const torch::Device& device, int64_t first_step);

}  // namespace sanas
