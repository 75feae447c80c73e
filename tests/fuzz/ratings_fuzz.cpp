// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"
#include "sanas/core/error.h"
#include "sanas/report/rating_summary.h"

/// A file of ratings is refused, or its means are ratings.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const fuzz::MemoryFile file;
  try {
    const auto summaries = aggregate_ratings({file.path_of(data, size)}, "", {.resamples = 2});
    for (const auto& summary : summaries) {
      fuzz::require(summary.rating.mean >= 1.0 && summary.rating.mean <= 5.0);
    }
    fuzz::require(!ratings_json(summaries).empty());
  } catch (const FileError&) {
    return 0;
  }
  return 0;
}
