// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"
#include "sanas/core/error.h"
#include "sanas/formats/accuracy_file.h"

/// A table of results is refused, or has accuracies.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const fuzz::MemoryFile file;
  try {
    fuzz::require(!read_accuracies(file.path_of(data, size)).empty());
  } catch (const FileError&) {
    return 0;
  }
  return 0;
}
