// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "data/cifar.h"
#include "fuzz_support.h"
#include "sanas/core/error.h"

/// The input is the list of classes, a zero byte, and the records, of which only every 64th byte is
/// given.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const fuzz::MemoryFolder folder;
  const std::string input = fuzz::text_of(data, size);
  const size_t zero = std::min(input.find('\0'), input.size());
  std::string records;
  for (size_t i = zero + 1; i < input.size(); ++i) {
    records.append(439, input[i]);  // 7 × 439 bytes are one record of CIFAR-10
  }
  folder.write("batches.meta.txt", input.substr(0, zero));
  folder.write("test_batch.bin", records);
  try {
    const Cifar images(Cifar::Kind::kCifar10, folder.path(), Split::kTest);
    for (int64_t i = 0; i < images.size(); ++i) {
      fuzz::require(images.label(i) >= 0 && images.label(i) < 10);
      fuzz::require(images.image(i).pixels.size() == 3 * 32 * 32);
    }
  } catch (const DataError&) {
    return 0;
  }
  return 0;
}
