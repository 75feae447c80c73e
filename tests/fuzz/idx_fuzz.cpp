// SPDX-License-Identifier: Apache-2.0
#include "data/fashion_mnist.h"
#include "fuzz_support.h"
#include "sanas/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const fuzz::MemoryFile file;
  for (const auto& shape : {std::vector<int64_t>{-1, 28, 28}, {-1}}) {
    try {
      const auto bytes = read_idx(file.path_of(data, size), shape);
      fuzz::require(!bytes.empty());
    } catch (const DataError&) {
      continue;
    }
  }
  return 0;
}
