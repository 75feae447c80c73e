// SPDX-License-Identifier: Apache-2.0
#include "data/fashion_mnist.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <cmath>

#include "data/data_test_support.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using data_test::message_of;
using data_test::write_file;
using test::TemporaryFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

bool has_debian_package() { return std::filesystem::is_directory(kDebianFashionMnist); }

TEST(FashionMnistData, HasThePublishedStatistics) {
  if (!has_debian_package()) {
    GTEST_SKIP() << "package dataset-fashion-mnist is not installed";
  }
  const FashionMnist train(kDebianFashionMnist, Split::kTrain, /*pad_to_32=*/false);
  ASSERT_EQ(train.size(), 60'000);
  double sum = 0;
  double squares = 0;
  std::vector<int> counts(10);
  for (int64_t index = 0; index < train.size(); ++index) {
    ++counts[train.label(index)];
    for (const uint8_t byte : train.image(index).pixels) {
      sum += byte;
      squares += static_cast<double>(byte) * byte;
    }
  }
  const double n = 60'000.0 * 28 * 28 * 3;
  const double mean = sum / n / 255;
  EXPECT_NEAR(mean, 0.2860, 5e-5);
  EXPECT_NEAR(std::sqrt(squares / n / 255 / 255 - mean * mean), 0.3530, 5e-5);
  EXPECT_EQ(counts, std::vector<int>(10, 6000));
}

TEST(FashionMnistData, FirstImagesAreTheKnownOnes) {
  if (!has_debian_package()) {
    GTEST_SKIP() << "package dataset-fashion-mnist is not installed";
  }
  // Labels, sum and row 14 of the first image as NumPy reads them.
  const FashionMnist train(kDebianFashionMnist, Split::kTrain, false);
  EXPECT_THAT((std::vector<int64_t>{train.label(0), train.label(1), train.label(2), train.label(3),
                                    train.label(4), train.label(5)}),
              ElementsAre(9, 0, 0, 3, 0, 2));
  EXPECT_EQ(train.info().classes[train.label(0)], "Ankle boot");
  const Image first = train.image(0);
  int64_t sum = 0;
  for (const uint8_t byte : first.pixels) {
    sum += byte;
  }
  EXPECT_EQ(sum, 3 * 76'247);
  EXPECT_EQ(first.row(14)[3 * 12], 237);
  EXPECT_EQ(first.row(14)[3 * 12 + 1], 237);
  EXPECT_EQ(first.row(14)[3 * 12 + 2], 237);
}

TEST(FashionMnistData, IsFoundThroughTheRegistryAndFramed) {
  if (!has_debian_package()) {
    GTEST_SKIP() << "package dataset-fashion-mnist is not installed";
  }
  const auto test = open_dataset({"fashion_mnist", kDefaultDataRoot}, Split::kTest);
  ASSERT_EQ(test->size(), 10'000);
  EXPECT_EQ(test->info().height, 32);
  const Image framed = test->image(0);
  const Image plain = FashionMnist(kDebianFashionMnist, Split::kTest, false).image(0);
  ASSERT_EQ(framed.height, 32);
  ASSERT_EQ(framed.width, 32);
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      const bool inside = y >= 2 && y < 30 && x >= 2 && x < 30;
      ASSERT_EQ(framed.row(y)[3 * x + 1], inside ? plain.row(y - 2)[3 * (x - 2) + 1] : 0);
    }
  }
}

std::vector<uint8_t> idx(const std::vector<uint32_t>& shape, size_t bytes) {
  std::vector<uint8_t> content{0, 0, 8, static_cast<uint8_t>(shape.size())};
  for (const uint32_t extent : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      content.push_back(static_cast<uint8_t>(extent >> shift));
    }
  }
  for (size_t i = 0; i < bytes; ++i) {
    content.push_back(static_cast<uint8_t>(i % 10));
  }
  return content;
}

void write_gzip(const std::filesystem::path& file, const std::vector<uint8_t>& bytes) {
  gzFile stream = gzopen(file.c_str(), "wb");
  gzwrite(stream, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(stream);
}

class IdxFiles : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_.path() / "x-idx"; }
  const std::filesystem::path& root() const { return folder_.path(); }

  std::string error(const std::vector<int64_t>& shape) const {
    return message_of<DataError>([&] { read_idx(file(), shape); });
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(IdxFiles, PlainAndGzipReadTheSame) {
  const auto bytes = idx({3, 28, 28}, 3 * 784);
  write_file(file(), bytes);
  const auto plain = read_idx(file(), {3, 28, 28});
  EXPECT_EQ(plain, std::vector<uint8_t>(bytes.begin() + 16, bytes.end()));
  write_gzip(file(), bytes);
  EXPECT_EQ(read_idx(file(), {-1, 28, 28}), plain);
}

TEST_F(IdxFiles, WrongMagicIsRefused) {
  auto bytes = idx({3, 28, 28}, 3 * 784);
  bytes[2] = 0x0D;  // floats
  write_file(file(), bytes);
  EXPECT_THAT(error({-1, 28, 28}), HasSubstr("x-idx: no IDX file"));
  write_file(file(), idx({3}, 3));
  EXPECT_THAT(error({-1, 28, 28}), HasSubstr("magic number 2049, not 2051"));
}

TEST_F(IdxFiles, WrongShapeIsRefusedBeforeMemoryIsTaken) {
  write_file(file(), idx({3, 28, 27}, 100));
  EXPECT_THAT(error({-1, 28, 28}), HasSubstr("dimension 2 is 27 and should be 28"));
  write_file(file(), idx({0xFFFFFFFF, 28, 28}, 100));
  EXPECT_THAT(error({-1, 28, 28}), HasSubstr("dimension 0 is 4294967295"));
  write_file(file(), idx({0, 28, 28}, 0));
  EXPECT_THAT(error({-1, 28, 28}), HasSubstr("dimension 0 is 0"));
}

TEST_F(IdxFiles, WrongLengthIsRefused) {
  write_file(file(), idx({1'000'000, 28, 28}, 784));  // claims 784 MB
  EXPECT_THAT(error({-1, 28, 28}), HasSubstr("fewer bytes than the 784000000"));
  write_file(file(), idx({1, 28, 28}, 785));
  EXPECT_THAT(error({-1, 28, 28}), HasSubstr("more bytes than the 784"));
  write_file(file(), std::vector<uint8_t>{0, 0, 8});
  EXPECT_THAT(error({-1}), HasSubstr("ends inside of the IDX header"));
}

TEST_F(IdxFiles, TruncatedGzipIsRefused) {
  write_gzip(file(), idx({3000}, 3000));
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) / 2);
  EXPECT_THAT(error({-1}), HasSubstr("x-idx"));
}

TEST_F(IdxFiles, LabelOutOfRangeIsNamedWithItsRecord) {
  auto labels = idx({4}, 4);
  labels[8 + 2] = 10;
  write_file(root() / "t10k-labels-idx1-ubyte", labels);
  write_file(root() / "t10k-images-idx3-ubyte", idx({4, 28, 28}, 4 * 784));
  EXPECT_THAT(message_of<DataError>([&] { FashionMnist(root(), Split::kTest, true); }),
              AllOf(HasSubstr("t10k-labels-idx1-ubyte"), HasSubstr("record 2 has label 10")));
}

TEST_F(IdxFiles, ImagesAndLabelsMustBeAsMany) {
  write_file(root() / "FashionMNIST/raw/train-labels-idx1-ubyte", idx({4}, 4));
  write_file(root() / "FashionMNIST/raw/train-images-idx3-ubyte", idx({3, 28, 28}, 3 * 784));
  EXPECT_THAT(message_of<DataError>([&] { FashionMnist(root(), Split::kTrain, true); }),
              HasSubstr("dimension 0 is 3 and should be 4"));
}

TEST_F(IdxFiles, BothPartsComeFromOneFolder) {
  const auto add = [&](const std::string& name, size_t count) {
    write_file(root() / (name + "-labels-idx1-ubyte"), idx({static_cast<uint32_t>(count)}, count));
    write_file(root() / (name + "-images-idx3-ubyte"),
               idx({static_cast<uint32_t>(count), 28, 28}, count * 784));
  };
  add("fashion-mnist/train", 3);
  add("fashion-mnist/t10k", 2);
  EXPECT_EQ(FashionMnist(root(), Split::kTrain, true).size(), 3);
  add("train", 4);  // an earlier place, with the training part alone
  const FashionMnist train(root(), Split::kTrain, true);
  EXPECT_EQ(train.size(), 4);
  EXPECT_EQ(train.info().place, root().string());
  EXPECT_THAT(message_of<DataError>([&] { FashionMnist(root(), Split::kTest, true); }),
              HasSubstr((root() / "t10k-images-idx3-ubyte").string() + "[.gz]: missing"));
  add("t10k", 1);
  EXPECT_EQ(FashionMnist(root(), Split::kTest, true).size(), 1);
  std::filesystem::remove(root() / "t10k-labels-idx1-ubyte");
  std::filesystem::create_symlink("nowhere", root() / "t10k-labels-idx1-ubyte");
  EXPECT_THAT(message_of<DataError>([&] { FashionMnist(root(), Split::kTest, true); }),
              HasSubstr("t10k-labels-idx1-ubyte: missing"));
}

TEST_F(IdxFiles, NamedFolderWithoutThemIsAnError) {
  EXPECT_THAT(message_of<DataError>([&] { FashionMnist(root(), Split::kTest, true); }),
              AllOf(HasSubstr("fashion_mnist: no train-images-idx3-ubyte[.gz] in "),
                    HasSubstr((root() / "FashionMNIST/raw").string())));
}

}  // namespace
}  // namespace sanas
