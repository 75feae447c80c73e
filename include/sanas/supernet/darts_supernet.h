// SPDX-License-Identifier: Apache-2.0
#pragma once

// The search network of DARTS, from which a family of your own may begin.

#include <memory>

#include "sanas/supernet/cell_supernet.h"

namespace sanas {

/// The search network of DARTS (darts-family §2) on any search space, with the original's
/// state-dict names (cells.I._ops.E._ops.K).
class DartsSupernet : public CellSupernet {
 public:
  DartsSupernet(const SearchSpace& space, std::shared_ptr<ArchParameters> architecture,
                const SupernetOptions& options);
};

}  // namespace sanas
