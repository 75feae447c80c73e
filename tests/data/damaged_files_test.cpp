// SPDX-License-Identifier: Apache-2.0
// Files of data sets, cut and changed: each ends in data or in a DataError.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "data/archive.h"
#include "data/cifar.h"
#include "data/data_test_support.h"
#include "data/fashion_mnist.h"
#include "data/image_codec.h"
#include "data/search_subset.h"
#include "support/damage.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using data_test::write_file;
using test::TemporaryFolder;
namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string idx_images(int count) {
  std::string bytes("\0\0\x08\x03\0\0\0", 7);
  bytes += static_cast<char>(count);
  bytes += std::string("\0\0\0\x1c\0\0\0\x1c", 8);
  for (int i = 0; i < count * 28 * 28; ++i) {
    bytes += static_cast<char>(i * 7);
  }
  return bytes;
}

std::string gzipped(const std::string& bytes, const fs::path& file) {
  const gzFile stream = gzopen(file.c_str(), "wb");
  gzwrite(stream, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(stream);
  return content_of(file);
}

TEST(DamagedFiles, Idx) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "images";
  const auto parse = [&](const std::string& bytes) {
    write_file(file, bytes);
    read_idx(file, {-1, 28, 28});
  };
  expect_damage_is_survived<DataError>(idx_images(4), parse);
  const std::string compressed = gzipped(idx_images(4), folder.path() / "images.gz");
  expect_damage_is_survived<DataError>(compressed, parse);
}

TEST(DamagedFiles, Cifar) {
  const TemporaryFolder folder;
  std::string records;
  for (int i = 0; i < 2 * 3073; ++i) {
    records += static_cast<char>(i % 3073 == 0 ? i / 3073 : i * 11);
  }
  const std::string classes = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
  const auto open = [&] {
    const Cifar data(Cifar::Kind::kCifar10, folder.path(), Split::kTest);
    EXPECT_EQ(data.size() > 0 ? data.image(0).height : 32, 32);
  };
  write_file(folder.path() / "batches.meta.txt", classes);
  expect_damage_is_survived<DataError>(records, [&](const std::string& bytes) {
    write_file(folder.path() / "test_batch.bin", bytes);
    open();
  });
  write_file(folder.path() / "test_batch.bin", records);
  expect_damage_is_survived<DataError>(classes, [&](const std::string& bytes) {
    write_file(folder.path() / "batches.meta.txt", bytes);
    open();
  });
}

TEST(DamagedFiles, Archive) {
  if (!archives_are_readable()) {
    GTEST_SKIP() << "this build has no libarchive";
  }
  const TemporaryFolder folder;
  write_file(folder.path() / "a" / "test.bin", std::string(1000, 'x'));
  for (const char* option : {"cf", "czf"}) {
    const fs::path archive = folder.path() / "a.tar";
    const std::string command = std::string("tar ") + option + " '" + archive.string() +
                                "' --sort=name --mtime=@0 -C '" + folder.path().string() + "' a";
    ASSERT_EQ(std::system(command.c_str()), 0);
    expect_damage_is_survived<DataError>(content_of(archive), [&](const std::string& bytes) {
      write_file(archive, bytes);
      const auto members = read_archive(archive, {"test.bin"}, 2000);
      EXPECT_LE(members.size(), 1U);
    });
  }
}

TEST(DamagedFiles, Images) {
  if (!images_are_decodable()) {
    GTEST_SKIP() << "this build has no OpenCV";
  }
  const char* source = std::getenv("SANAS_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  const TemporaryFolder folder;
  int images = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(source) / "tests/data/images")) {
    const fs::path file = folder.path() / entry.path().filename();
    expect_damage_is_survived<DataError>(content_of(entry.path()), [&](const std::string& bytes) {
      write_file(file, bytes);
      EXPECT_GT(decode_image(file).pixels.size(), 0U);
    });
    ++images;
  }
  EXPECT_GE(images, 6);
}

TEST(DamagedFiles, SearchList) {
  const TemporaryFolder folder;
  const data_test::FormulaDataset dataset(40, 2);
  const fs::path file = folder.path() / "list.txt";
  write_file(file, search_subset_text(dataset, draw_search_subset(dataset, {})));
  expect_damage_is_survived<Error>(content_of(file), [&](const std::string& text) {
    write_file(file, text);
    const SearchSubset subset = read_search_subset(file, dataset);
    EXPECT_FALSE(subset.train.empty());
  });
}

/// Small files that claim to be large images, by their headers as the formats' documents have them.
TEST(DamagedFiles, ImagesThatWouldFillTheMemory) {
  if (!images_are_decodable()) {
    GTEST_SKIP() << "this build has no OpenCV";
  }
  const TemporaryFolder folder;
  const auto chunk = [](const std::string& type_and_data) {
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(type_and_data.data()),
                           static_cast<uInt>(type_and_data.size()));
    const auto word = [](unsigned long number) {
      return std::string{static_cast<char>(number >> 24U), static_cast<char>(number >> 16U),
                         static_cast<char>(number >> 8U), static_cast<char>(number)};
    };
    return word(type_and_data.size() - 4) + type_and_data + word(sum);
  };
  const std::string png = "\x89PNG\r\n\x1a\n" +
                          chunk(std::string("IHDR\0\0\x75\x30\0\0\x75\x30\x08\2\0\0\0", 17)) +
                          chunk("IDATx") + chunk("IEND");
  const std::string jpeg("\xff\xd8\xff\xc0\0\x0b\x08\x75\x30\x75\x30\1\1\x11\0\xff\xda\0\2\xff\xd9",
                         21);
  const std::string vp8x = std::string("RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0", 24) +
                           std::string("\x2f\x75\0\x2f\x75\0\0\0", 8);
  const std::string vp8l = std::string("RIFF\x20\0\0\0WEBPVP8L\x0a\0\0\0\x2f", 21) +
                           "\xff\xff\xff\x0f" + std::string(16, '\0');
  const std::string vp8 = std::string("RIFF\x20\0\0\0WEBPVP8 \x0a\0\0\0\x30\1\0\x9d\1\x2a", 26) +
                          "\xff\x3f\xff\x3f" + std::string(16, '\0');
  const std::string bmp = "BM" + std::string(12, '\0') +
                          std::string("\x28\0\0\0\x30\x75\0\0\x30\x75\0\0\1\0\x18\0", 16) +
                          std::string(24, '\0');
  const std::string ppm = "P6\n# large\n30000 30000\n255\n";
  const std::string tiff = std::string("II*\0\x08\0\0\0\2\0", 10) +
                           std::string("\0\1\3\0\1\0\0\0\x30\x75\0\0", 12) +
                           std::string("\1\1\3\0\1\0\0\0\x30\x75\0\0", 12) + std::string(4, '\0');
  const ScopedMemoryLimit limit;
  int number = 0;
  for (const std::string& bytes : {png, jpeg, vp8x, vp8l, vp8, bmp, ppm, tiff}) {
    const fs::path file = folder.path() / std::to_string(number++);
    write_file(file, bytes);
    EXPECT_THAT(data_test::message_of<DataError>([&] { decode_image(file); }),
                testing::HasSubstr("pixels; at most"))
        << file;
  }
}

}  // namespace
}  // namespace sanas
