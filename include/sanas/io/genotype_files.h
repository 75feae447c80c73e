// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sanas/genotype/genotype.h"
#include "sanas/io/run_folder.h"

namespace sanas {

/// Writes genotype.txt of a run and the drawings of its cells, cells/normal.* and
/// cells/reduction.*: SVG, DOT, and PDF where graphviz is installed. Throws FileError.
void save_genotype(const RunFolder& folder, const Genotype& genotype);

/// What a user may name as a genotype, in every program: a preset, a text file (PATH or
/// PATH#CHOICE, see load_genotype), or a checkpoint of a search or training (.safetensors), whose
/// own genotype it is. Throws FileError.
Genotype find_genotype(const std::string& source);

}  // namespace sanas
