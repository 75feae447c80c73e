// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"
#include "sanas/core/error.h"
#include "sanas/formats/safetensors.h"

/// A file is refused, or written so that reading gives the same number of tensors.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  try {
    const auto tensors = parse_safetensors(fuzz::text_of(data, size));
    const auto again = parse_safetensors(serialize_safetensors(tensors));
    fuzz::require(again.tensors.size() == tensors.tensors.size());
  } catch (const FileError&) {
    return 0;
  }
  return 0;
}
