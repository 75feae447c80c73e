// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"
#include "sanas/core/error.h"
#include "sanas/formats/torch_state_dict.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  try {
    const auto tensors = parse_torch_state_dict(fuzz::text_of(data, size));
    for (const auto& entry : tensors.tensors) {
      fuzz::require(entry.value().defined());
    }
  } catch (const FileError&) {
    return 0;
  }
  return 0;
}
