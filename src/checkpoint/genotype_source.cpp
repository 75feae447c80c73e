// SPDX-License-Identifier: Apache-2.0
#include "sanas/checkpoint/genotype_source.h"

#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/core/error.h"
#include "sanas/formats/safetensors.h"

namespace sanas {

Genotype find_genotype(const std::string& source) {
  if (!source.ends_with(".safetensors")) {
    return load_genotype(source);
  }
  const auto info = read_checkpoint_info(read_safetensors(source), source);
  try {
    return parse_genotype(info.genotype);
  } catch (const FileError& error) {
    throw FileError(source + ": " + error.what());
  }
}

}  // namespace sanas
