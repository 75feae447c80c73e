// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "report/run_contents.h"

namespace sanas {

/// Runs that belong together: a search, the trainings of what it found, and the maps of these
/// networks. The runs are kept elsewhere.
struct Chain {
  /// Null where it was not given.
  const RunContents* search = nullptr;
  RunList trainings;
  RunList maps;
  /// Trainings of random genotypes, which the others are compared with.
  RunList baseline;
  /// Maps that name no checkpoint of the search or the trainings.
  RunList other_maps;
  /// What all of it is about; nothing where no part tells.
  std::optional<Genotype> genotype;
};

/// The chain that the runs are, in any order; nothing where they are none, and so are to be
/// compared: two searches, trainings of several genotypes that are not random, or runs of one kind.
/// A training belongs to the search whose genotype it has. Maps belong to the run whose checkpoint
/// they name (checkpoint_owner.h).
std::optional<Chain> find_chain(const std::vector<RunContents>& runs);

}  // namespace sanas
