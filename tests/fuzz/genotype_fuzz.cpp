// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"
#include "sanas/core/error.h"
#include "sanas/genotype/genotype.h"

/// A genotype is refused, or printed so that reading gives the same one.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  try {
    const Genotype genotype = parse_genotype(fuzz::text_of(data, size));
    fuzz::require(parse_genotype(to_string(genotype)) == genotype);
  } catch (const FileError&) {
    return 0;
  }
  return 0;
}
