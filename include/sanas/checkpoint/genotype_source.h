// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds a genotype by what a user names: a preset, a text file or a checkpoint.

#include <string>

#include "sanas/genotype/genotype.h"

namespace sanas {

/// What a user may name as a genotype, in every program: a preset, a text file (PATH or
/// PATH#CHOICE, see load_genotype), or a checkpoint of a search or training (.safetensors), whose
/// own genotype it is. Throws FileError.
Genotype find_genotype(const std::string& source);

}  // namespace sanas
