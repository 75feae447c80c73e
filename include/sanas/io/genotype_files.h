// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/genotype/genotype.h"
#include "sanas/io/run_folder.h"

namespace sanas {

/// Writes genotype.txt and the drawings cells/normal.svg and cells/reduction.svg of a run. Throws
/// FileError.
void save_genotype(const RunFolder& folder, const Genotype& genotype);

}  // namespace sanas
