// SPDX-License-Identifier: Apache-2.0
#include "data/archive.h"
#include "fuzz_support.h"
#include "sanas/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const fuzz::MemoryFile file;
  try {
    const auto members = read_archive(file.path_of(data, size), {"test.bin", "a.txt"}, 1 << 16);
    for (const auto& [name, content] : members) {
      fuzz::require(name == "test.bin" || name == "a.txt");
      fuzz::require(content.size() <= 1 << 16);
    }
  } catch (const DataError&) {
    return 0;
  }
  return 0;
}
