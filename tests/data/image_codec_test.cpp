// SPDX-License-Identifier: Apache-2.0
#include "data/image_codec.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <iostream>

#include "data/data_test_support.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using data_test::crc32;
using data_test::folder_from_environment;
using data_test::formula_image;
using data_test::message_of;
using data_test::write_file;
using test::TemporaryFolder;
using testing::HasSubstr;

// tests/data/images: one 8×12 picture, value (12x + 9y + 50c) mod 200 + 20 in channel c, in the
// file formats that need a conversion. The expected pixels are Pillow's convert("RGB").
class ImageCodec : public testing::Test {
 protected:
  void SetUp() override {
    images_ = folder_from_environment("SANAS_SOURCE_DIR") / "tests/data/images";
    if (!images_are_decodable() || !std::filesystem::is_directory(images_)) {
      GTEST_SKIP() << "built without OpenCV, or SANAS_SOURCE_DIR is not set";
    }
  }

  void expect_pixel(const Image& image, int number, std::array<int, 3> rgb, int tolerance) {
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(image.pixels[3 * number + c], rgb[c], tolerance) << "pixel " << number;
    }
  }

  std::filesystem::path images_;
};

TEST_F(ImageCodec, CmykBecomesRgb) {
  const Image image = decode_image(images_ / "cmyk.jpg");
  ASSERT_EQ(image.height, 8);
  ASSERT_EQ(image.width, 12);
  ASSERT_EQ(image.channels, 3);
  expect_pixel(image, 0, {96, 76, 51}, 1);
  expect_pixel(image, 5, {150, 107, 66}, 1);
  expect_pixel(image, 37, {40, 30, 20}, 1);
  expect_pixel(image, 95, {16, 62, 51}, 1);
}

TEST_F(ImageCodec, PaletteBecomesRgb) {
  EXPECT_EQ(crc32(decode_image(images_ / "palette.png").pixels), 0xCC6609E6U);
}

TEST_F(ImageCodec, TransparencyIsDropped) {
  EXPECT_EQ(crc32(decode_image(images_ / "transparent.png").pixels), 0xC48EC03EU);
}

TEST_F(ImageCodec, FormatsWithoutLossAreRead) {
  for (const char* name :
       {"lossless.webp", "rows.bmp", "lzw.tif", "binary.ppm", "transparent.tif"}) {
    EXPECT_EQ(crc32(decode_image(images_ / name).pixels), 0xC48EC03EU) << name;
  }
}

TEST_F(ImageCodec, AWebpFileIsTurnedUprightToo) {
  const Image image = decode_image(images_ / "turned.webp");
  EXPECT_EQ(image.height, 12);
  EXPECT_EQ(crc32(image.pixels), 0x7696E6FFU);
}

// As Pillow and torchvision: the picture is whole without the last chunk, and a comment is no part
// of it.
TEST_F(ImageCodec, APngIsAsGoodAsItsPicture) {
  const TemporaryFolder folder;
  std::ifstream stream(images_ / "transparent.png", std::ios::binary);
  const std::string png{std::istreambuf_iterator<char>(stream), {}};
  const std::string comment("\0\0\0\2tEXtab\0\0\0\0", 14);  // with a wrong checksum
  constexpr size_t kHeader = 33;
  for (const std::string& bytes : {png.substr(0, png.size() - 12), png + "more",
                                   png.substr(0, kHeader) + comment + png.substr(kHeader)}) {
    write_file(folder.path() / "a.png", bytes);
    EXPECT_EQ(crc32(decode_image(folder.path() / "a.png").pixels), 0xC48EC03EU);
  }
}

TEST_F(ImageCodec, GreyIsReplicated) {
  const Image image = decode_image(images_ / "grey.jpg");
  ASSERT_EQ(image.channels, 3);
  expect_pixel(image, 0, {22, 22, 22}, 1);
  expect_pixel(image, 5, {80, 80, 80}, 1);
  expect_pixel(image, 95, {213, 213, 213}, 1);
}

TEST_F(ImageCodec, ExifOrientationTurnsTheImageUpright) {
  const Image image =
      decode_image(images_ / "turned.jpg");  // orientation 6: a quarter to the right
  ASSERT_EQ(image.height, 12);
  ASSERT_EQ(image.width, 8);
  expect_pixel(image, 0, {88, 134, 157}, 1);
  expect_pixel(image, 5, {45, 91, 140}, 1);
  expect_pixel(image, 37, {89, 145, 168}, 1);
  expect_pixel(image, 95, {133, 224, 33}, 1);
}

TEST_F(ImageCodec, JpegHeaderTellsTheSize) {
  std::ifstream stream(images_ / "turned.jpg", std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
  const auto header = read_jpeg_header(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->height, 8);
  EXPECT_EQ(header->width, 12);
  for (size_t length = 0; length < header->scan_begin; ++length) {
    const auto part = read_jpeg_header(std::span(bytes).first(length));
    EXPECT_TRUE(!part || part->scan_begin <= length);
  }
}

TEST_F(ImageCodec, TruncatedAndForeignFilesAreNamed) {
  const TemporaryFolder folder;
  for (const char* name :
       {"cmyk.jpg", "palette.png", "lossless.webp", "rows.bmp", "lzw.tif", "binary.ppm"}) {
    const auto copy = folder.path() / name;
    std::filesystem::copy_file(images_ / name, copy);
    std::filesystem::resize_file(copy, std::filesystem::file_size(copy) * 2 / 3);
    testing::internal::CaptureStderr();
    EXPECT_THAT(message_of<DataError>([&] { decode_image(copy); }), HasSubstr(name));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << name;  // the message is all
  }
  testing::internal::CaptureStderr();
  std::cerr << "others are heard";
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "others are heard");
  write_file(folder.path() / "text.png", "no picture");
  EXPECT_THAT(message_of<DataError>([&] { decode_image(folder.path() / "text.png"); }),
              HasSubstr("text.png: cannot be decoded"));
  write_file(folder.path() / "empty.jpg", std::string());
  EXPECT_THROW(decode_image(folder.path() / "empty.jpg"), DataError);
  EXPECT_THAT(message_of<DataError>([&] { decode_image(folder.path() / "missing.jpg"); }),
              HasSubstr("missing.jpg: cannot be read"));
  mkfifo((folder.path() / "pipe.jpg").c_str(), 0600);
  EXPECT_THAT(message_of<DataError>([&] { decode_image(folder.path() / "pipe.jpg"); }),
              HasSubstr("pipe.jpg: cannot be read"));
}

// Sums of the pixels of the sample photographs as Pillow decodes them (another build of
// libjpeg-turbo, so a byte may differ by one here and there).
TEST_F(ImageCodec, PhotographsAreThoseOfPillow) {
  const auto shared = folder_from_environment("SANAS_SHARED_DIR");
  const auto folder = shared / "data/imagenet-sample/train";
  if (shared.empty() || !std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "no imagenet-sample in SANAS_SHARED_DIR/data";
  }
  struct Expected {
    const char* file;
    int width, height;
    double mean;
  };
  for (const Expected& expected :
       {Expected{"bird/n01514668_cock.JPEG", 367, 256, 107.2081},
        Expected{"dog/n02085782_Japanese_spaniel.JPEG", 256, 266, 114.4835},
        Expected{"reptile/n01630670_common_newt.JPEG", 512, 256, 139.9954}}) {
    const Image image = decode_image(folder / expected.file);
    EXPECT_EQ(image.width, expected.width);
    EXPECT_EQ(image.height, expected.height);
    double sum = 0;
    for (const uint8_t byte : image.pixels) {
      sum += byte;
    }
    EXPECT_NEAR(sum / static_cast<double>(image.pixels.size()), expected.mean, 1e-3);
  }
}

TEST_F(ImageCodec, ReducedDecodingKeepsTheRequestedSide) {
  const auto shared = folder_from_environment("SANAS_SHARED_DIR");
  const auto file = shared / "data/imagenet-sample/train/bird/n01514668_cock.JPEG";  // 256×367
  if (shared.empty() || !std::filesystem::is_regular_file(file)) {
    GTEST_SKIP() << "no imagenet-sample in SANAS_SHARED_DIR/data";
  }
  EXPECT_EQ(decode_image(file, 256).height, 256);
  EXPECT_EQ(decode_image(file, 129).height, 256);
  EXPECT_EQ(decode_image(file, 128).height, 128);
  EXPECT_EQ(decode_image(file, 128).width, 184);
  EXPECT_EQ(decode_image(file, 64).height, 64);
  EXPECT_EQ(decode_image(file, 30).height, 32);
  const Image reduced = decode_image(file, 30);
  EXPECT_EQ(reduced.reduction, 8);
  EXPECT_EQ(reduced.full_height, 256);
  EXPECT_EQ(reduced.full_width, 367);

  // The same picture: the means of 2×2 squares of the full one.
  const Image full = decode_image(file);
  const Image half = decode_image(file, 128);
  double difference = 0;
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 183; ++x) {
      const int mean = (full.row(2 * y)[6 * x] + full.row(2 * y)[6 * x + 3] +
                        full.row(2 * y + 1)[6 * x] + full.row(2 * y + 1)[6 * x + 3]) /
                       4;
      difference += std::abs(mean - half.row(y)[3 * x]);
    }
  }
  EXPECT_LT(difference / (128 * 183), 3.0);
}

}  // namespace
}  // namespace sanas
