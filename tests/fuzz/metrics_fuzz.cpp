// SPDX-License-Identifier: Apache-2.0
#include "formats/json_lines.h"
#include "fuzz_support.h"
#include "sanas/core/error.h"

/// A log that goes on after any content ends with whole lines.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const fuzz::MemoryFile file;
  try {
    JsonLinesFile log(file.path_of(data, size), /*append=*/true);
    const uint64_t lines = log.position();
    fuzz::require(lines <= size);
    log.truncate_to(lines / 2);
    fuzz::require(log.position() == lines / 2);
    log.write({{"step", int64_t{1}}});
    fuzz::require(log.position() == lines / 2 + 1);
  } catch (const FileError&) {
    return 0;
  }
  return 0;
}
