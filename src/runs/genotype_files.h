// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runs/run_folder.h"
#include "sanas/genotype/genotype.h"

namespace sanas {

/// Writes genotype.txt of a run and the drawings of its cells, cells/normal.* and
/// cells/reduction.*: SVG, DOT, and PDF where graphviz is installed. Throws FileError.
void save_genotype(const RunFolder& folder, const Genotype& genotype);

}  // namespace sanas
