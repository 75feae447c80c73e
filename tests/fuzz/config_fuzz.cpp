// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"
#include "sanas/config/config.h"
#include "sanas/core/error.h"

/// A configuration is refused, or written so that reading gives the same one. Writing names every
/// key and takes many times as long as most inputs, so only every eighth is written.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  try {
    const Config config = parse_config(fuzz::text_of(data, size), "fuzz.yaml");
    if (size % 8 == 0) {
      fuzz::require(parse_config(to_yaml(config), "fuzz.yaml") == config);
    }
  } catch (const ConfigError&) {
    return 0;
  }
  return 0;
}
