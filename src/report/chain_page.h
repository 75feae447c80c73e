// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "report/chain.h"
#include "report/page_part.h"
#include "sanas/core/phase.h"

namespace sanas {

/// A chain in the order in which a reader asks: what was found, how good it is, what it looks at,
/// how the search and the trainings went, then costs, logs and files, and the configurations last.
/// Of a missing part one sentence says how to make it.
PageBody tell_chain(const Chain& chain, const std::filesystem::path& page_folder, Phase& phase);

}  // namespace sanas
