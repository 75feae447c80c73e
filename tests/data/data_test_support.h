// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "sanas/core/error.h"
#include "sanas/data/dataset.h"

namespace sanas::data_test {

namespace fs = std::filesystem;

inline void write_file(const fs::path& file, const std::vector<uint8_t>& bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

inline void write_file(const fs::path& file, const std::string& text) {
  write_file(file, std::vector<uint8_t>(text.begin(), text.end()));
}

/// A folder from an environment variable; empty where it is not set or not there.
inline fs::path folder_from_environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && fs::is_directory(value) ? fs::path(value) : fs::path();
}

/// The folder that an archive of the shared data unpacks to, unpacked once into the build folder.
/// Empty where there is no such archive.
inline fs::path unpacked(const std::string& name) {
  const fs::path shared = folder_from_environment("SANAS_SHARED_DIR");
  const fs::path archive = shared / "data" / (name + ".tar.xz");
  if (shared.empty() || !fs::is_regular_file(archive)) {
    return {};
  }
  fs::path build = folder_from_environment("SANAS_BINARY_DIR");
  const fs::path cache = (build.empty() ? fs::temp_directory_path() : build) / "test-data";
  if (!fs::is_directory(cache / name)) {
    // Into a folder of one's own first: another test program may do the same at this moment.
    fs::path own = cache / "unpacking-";
    own += std::to_string(getpid());
    fs::create_directories(own);
    const std::string command =
        "tar -xJf '" + archive.string() + "' -C '" + own.string() + "' --no-same-permissions";
    if (std::system(command.c_str()) == 0) {
      std::error_code lost_the_race;
      fs::rename(own / name, cache / name, lost_the_race);
    }
    fs::remove_all(own);
  }
  return fs::is_directory(cache / name) ? cache / name : fs::path();
}

/// CRC-32 as zlib's, to compare with sums computed in Python.
inline uint32_t crc32(const std::vector<uint8_t>& bytes) {
  uint32_t crc = 0xFFFFFFFFU;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
    }
  }
  return ~crc;
}

/// The picture that the reference values of the transform tests are about.
inline Image formula_image(int height, int width) {
  Image image(height, width, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.row(y)[3 * x + c] =
            static_cast<uint8_t>(x * 7 + y * 13 + c * 50 + (x * y) % 31 * 3 + (x / 5) * (y / 3));
      }
    }
  }
  return image;
}

/// The message of the Error that `action` throws, for matching; fails where it throws none.
template <class ExpectedError, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const ExpectedError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no exception of the expected type";
  return "";
}

/// `count` images of 6×6 whose bytes and labels are formulas of the index, in `classes` classes.
class FormulaDataset : public Dataset {
 public:
  explicit FormulaDataset(int64_t count, int64_t classes = 3) : count_(count) {
    info_.name = "formula";
    for (int64_t label = 0; label < classes; ++label) {
      info_.classes.push_back(std::string("class ").append(std::to_string(label)));
    }
    info_.mean = {0.3, 0.4, 0.5};
    info_.std = {0.2, 0.2, 0.2};
    info_.height = info_.width = kSide;
  }

  int64_t size() const override { return count_; }
  Image image(int64_t index, int64_t /*short_side*/) const override {
    if (bad_samples.contains(index)) {
      throw DataError(std::string("image ").append(std::to_string(index)) + " is damaged");
    }
    Image image(kSide, kSide, 3);
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      image.pixels[i] = static_cast<uint8_t>(index * 31 + static_cast<int64_t>(i) * 5 + 1);
    }
    return image;
  }
  int64_t label(int64_t index) const override { return index * index % info_.num_classes(); }
  const DatasetInfo& info() const override { return info_; }

  std::set<int64_t> bad_samples;  ///< these throw

  static constexpr int kSide = 6;

 private:
  int64_t count_;
  DatasetInfo info_;
};

}  // namespace sanas::data_test
