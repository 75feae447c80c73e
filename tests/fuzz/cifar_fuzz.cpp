// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include "fuzz_support.h"
#include "sanas/core/error.h"
#include "sanas/data/cifar.h"

namespace {

/// A folder in memory, where there is one; the first line of the input ends the class names.
std::filesystem::path make_folder() {
  const std::filesystem::path shared = "/dev/shm";
  const auto base =
      std::filesystem::exists(shared) ? shared : std::filesystem::temp_directory_path();
  const auto folder = base / ("sanas-fuzz-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  return folder;
}

void write(const std::filesystem::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

}  // namespace

/// The input is the list of classes, a zero byte, and the records, of which only every 64th byte is
/// given.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const auto folder = make_folder();
  const std::string input = fuzz::text_of(data, size);
  const size_t zero = std::min(input.find('\0'), input.size());
  std::string records;
  for (size_t i = zero + 1; i < input.size(); ++i) {
    records.append(439, input[i]);  // 7 × 439 bytes are one record of CIFAR-10
  }
  write(folder / "batches.meta.txt", input.substr(0, zero));
  write(folder / "test_batch.bin", records);
  try {
    const Cifar images(Cifar::Kind::kCifar10, folder, Split::kTest);
    for (int64_t i = 0; i < images.size(); ++i) {
      fuzz::require(images.label(i) >= 0 && images.label(i) < 10);
      fuzz::require(images.image(i).pixels.size() == 3 * 32 * 32);
    }
  } catch (const DataError&) {
    return 0;
  }
  return 0;
}
