// SPDX-License-Identifier: Apache-2.0
#include "data/image_codec.h"
#include "fuzz_support.h"
#include "sanas/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const fuzz::MemoryFile file;
  try {
    const Image image = decode_image(file.path_of(data, size), 32);
    fuzz::require(!image.pixels.empty());
  } catch (const DataError&) {
    return 0;
  }
  return 0;
}
