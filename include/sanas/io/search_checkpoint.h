// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "sanas/io/checkpoint_info.h"
#include "sanas/search/search_loop.h"

namespace sanas {

/// A search as it stands, as one safetensors file: `w1.` and `w2.` state dicts, momentum buffers
/// `m1.` and `m2.`, the architecture variables and their optimizer, the epoch's meters; in the
/// metadata the configuration, the step and the genotype. Since every random draw of a search is a
/// function of (seed, step), that is everything.
void save_search_checkpoint(const std::filesystem::path& path, SearchLoop& loop,
                            const Config& config, const DatasetInfo& info,
                            int64_t metrics_position);

/// Puts a loop into the state of a checkpoint of the same configuration.
/// Throws FileError if the tensors don't fit.
void load_search_checkpoint(const NamedTensors& tensors, const std::string& source,
                            SearchLoop& loop);

/// Architecture updates within the first `step` mini-batches.
int64_t architecture_updates(const SearchOptions& options, int64_t steps_per_epoch, int64_t step);

}  // namespace sanas
