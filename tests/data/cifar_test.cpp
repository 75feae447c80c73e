// SPDX-License-Identifier: Apache-2.0
#include "data/cifar.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>

#include "data/archive.h"
#include "data/data_test_support.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using data_test::crc32;
using data_test::message_of;
using data_test::unpacked;
using data_test::write_file;
using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;

struct Statistics {
  std::array<double, 3> mean{}, std{};
};

Statistics measure(const Dataset& dataset) {
  std::array<int64_t, 3> sum{};
  std::array<int64_t, 3> squares{};
  int64_t count = 0;
  for (int64_t index = 0; index < dataset.size(); ++index) {
    const Image image = dataset.image(index);
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      sum[i % 3] += image.pixels[i];
      squares[i % 3] += image.pixels[i] * image.pixels[i];
    }
    count += static_cast<int64_t>(image.height) * image.width;
  }
  Statistics result;
  for (int c = 0; c < 3; ++c) {
    const double n = static_cast<double>(count);
    const double mean = static_cast<double>(sum[c]) / n;
    result.mean[c] = mean / 255;
    result.std[c] = std::sqrt(static_cast<double>(squares[c]) / n - mean * mean) / 255;
  }
  return result;
}

std::vector<int64_t> class_counts(const Dataset& dataset) {
  std::vector<int64_t> counts(dataset.info().classes.size());
  for (int64_t index = 0; index < dataset.size(); ++index) {
    ++counts[dataset.label(index)];
  }
  return counts;
}

// Sums and pixels of record 777 computed with NumPy from the same files.
void expect_record_777(const Dataset& dataset, uint32_t crc, std::array<uint8_t, 3> pixel) {
  const Image image = dataset.image(777);
  ASSERT_EQ(image.height, 32);
  ASSERT_EQ(image.width, 32);
  ASSERT_EQ(image.channels, 3);
  EXPECT_EQ(crc32(image.pixels), crc);
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(image.row(3)[3 * 5 + c], pixel[c]);
  }
}

TEST(CifarData, Cifar100HasThePublishedStatistics) {
  const auto folder = unpacked("cifar-100-binary");
  if (folder.empty()) {
    GTEST_SKIP() << "no cifar-100-binary.tar.xz in SANAS_SHARED_DIR/data";
  }
  const Cifar train(Cifar::Kind::kCifar100, folder, Split::kTrain);
  EXPECT_EQ(train.size(), 50'000);
  EXPECT_EQ(class_counts(train), std::vector<int64_t>(100, 500));
  EXPECT_EQ(train.label(0), 94);
  EXPECT_EQ(train.label(4), 32);
  EXPECT_EQ(train.info().classes[1], "aquarium_fish");
  expect_record_777(train, 0x85B70EA8, {25, 11, 1});
  const Statistics measured = measure(train);
  constexpr std::array<double, 3> kMean{.5071, .4866, .4409};
  constexpr std::array<double, 3> kStd{.2673, .2564, .2762};
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(measured.mean[c], kMean[c], 6e-5);
    EXPECT_NEAR(measured.std[c], kStd[c], 6e-5);
    // The constants that the field normalises with are a little off.
    EXPECT_NEAR(train.info().mean[c], kMean[c], 2e-4);
    EXPECT_NEAR(train.info().std[c], kStd[c], 3e-4);
  }
}

TEST(CifarData, Cifar100TestPartIsBalanced) {
  const auto folder = unpacked("cifar-100-binary");
  if (folder.empty()) {
    GTEST_SKIP() << "no cifar-100-binary.tar.xz in SANAS_SHARED_DIR/data";
  }
  // Through the registry, with the folder's parent as root.
  const auto test = open_dataset({"cifar100", folder.parent_path()}, Split::kTest);
  EXPECT_EQ(test->size(), 10'000);
  EXPECT_EQ(class_counts(*test), std::vector<int64_t>(100, 100));
  expect_record_777(*test, 0x4FD7B03C, {80, 78, 77});

  const auto subset = open_dataset({"cifar100", folder.parent_path(), 200}, Split::kTest);
  EXPECT_EQ(class_counts(*subset), std::vector<int64_t>(100, 2));
}

TEST(CifarData, Cifar10ReadsAnyNumberOfBatches) {
  const auto folder = unpacked("cifar-10-sample");
  if (folder.empty()) {
    GTEST_SKIP() << "no cifar-10-sample.tar.xz in SANAS_SHARED_DIR/data";
  }
  const Cifar train(Cifar::Kind::kCifar10, folder.parent_path(), Split::kTrain);
  EXPECT_EQ(train.size(), 5'000);
  int64_t label_sum = 0;
  for (int64_t index = 0; index < train.size(); ++index) {
    label_sum += train.label(index);
  }
  EXPECT_EQ(label_sum, 22'306);
  expect_record_777(train, 0x2BECF394, {4, 118, 160});
  EXPECT_EQ(train.info().classes[9], "truck");
  const Statistics measured = measure(train);
  constexpr std::array<double, 3> kMean{0.49378387, 0.48434764, 0.4485584};
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(measured.mean[c], kMean[c], 1e-7);
    EXPECT_NEAR(measured.mean[c], train.info().mean[c], 4e-3);  // a tenth of the data
    EXPECT_NEAR(measured.std[c], train.info().std[c], 3e-3);
  }
  const Cifar test(Cifar::Kind::kCifar10, folder, Split::kTest);
  EXPECT_EQ(test.size(), 1'000);
  expect_record_777(test, 0x26BE7FA1, {13, 8, 25});
}

TEST(CifarData, ReadsStraightFromTheArchive) {
  const auto shared = data_test::folder_from_environment("SANAS_SHARED_DIR");
  const auto folder = unpacked("cifar-10-sample");
  if (folder.empty() || !archives_are_readable()) {
    GTEST_SKIP() << "no cifar-10-sample.tar.xz in SANAS_SHARED_DIR/data, or no libarchive";
  }
  const Cifar packed(Cifar::Kind::kCifar10, shared / "data", Split::kTest);
  const Cifar plain(Cifar::Kind::kCifar10, folder, Split::kTest);
  ASSERT_EQ(packed.size(), plain.size());
  EXPECT_EQ(packed.info().classes, plain.info().classes);
  for (int64_t index = 0; index < plain.size(); ++index) {
    ASSERT_EQ(packed.label(index), plain.label(index));
    ASSERT_EQ(packed.image(index), plain.image(index));
  }
}

// Small files in the official layout.
class CifarFiles : public testing::Test {
 protected:
  void SetUp() override {
    write_file(root() / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  }

  static std::vector<uint8_t> records(const std::vector<uint8_t>& labels, uint8_t fill = 0) {
    std::vector<uint8_t> bytes;
    for (const uint8_t label : labels) {
      bytes.push_back(label);
      bytes.insert(bytes.end(), 3072, fill);
    }
    return bytes;
  }

  Cifar open(Split split) const { return Cifar(Cifar::Kind::kCifar10, root(), split); }

  std::string error(Split split) const {
    return message_of<DataError>([&] { open(split); });
  }

  const std::filesystem::path& root() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

TEST_F(CifarFiles, BatchesAreReadInOrder) {
  write_file(root() / "data_batch_2.bin", records({4, 5}, 20));
  write_file(root() / "data_batch_1.bin", records({9}, 10));
  write_file(root() / "data_batch_5.bin", records({0}, 50));
  const Cifar cifar = open(Split::kTrain);
  ASSERT_EQ(cifar.size(), 4);
  EXPECT_EQ(cifar.label(0), 9);
  EXPECT_EQ(cifar.label(1), 4);
  EXPECT_EQ(cifar.image(2).pixels[100], 20);
  EXPECT_EQ(cifar.image(3).pixels[0], 50);
  EXPECT_THAT(cifar.info().remarks,
              testing::ElementsAre("only 3 of 5 training files are there, without "
                                   "data_batch_3.bin, data_batch_4.bin"));
}

TEST_F(CifarFiles, BothPartsComeFromOnePlace) {
  const auto inner = root() / "cifar-10-batches-bin";
  write_file(inner / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
  write_file(inner / "test_batch.bin", records({1, 2}));
  EXPECT_EQ(open(Split::kTest).size(), 2);
  EXPECT_EQ(open(Split::kTest).info().place, inner.string());
  write_file(root() / "data_batch_1.bin", records({3}));
  EXPECT_EQ(open(Split::kTrain).info().place, root().string());
  EXPECT_THAT(error(Split::kTest), HasSubstr(root().string() + ": has no test_batch.bin"));
}

TEST_F(CifarFiles, VersionForPythonGetsAHint) {
  std::filesystem::create_directory(root() / "cifar-10-batches-py");
  EXPECT_THAT(error(Split::kTrain),
              AllOf(HasSubstr("cifar-10-batches-py is of the version for Python"),
                    HasSubstr("the binary version is needed")));
}

TEST_F(CifarFiles, LinkToNothingIsNotPassedOver) {
  write_file(root() / "data_batch_2.bin", records({4}));
  std::filesystem::create_symlink("gone", root() / "data_batch_1.bin");
  EXPECT_THAT(error(Split::kTrain), HasSubstr("data_batch_1.bin: is no file"));
}

TEST_F(CifarFiles, TruncatedFileIsNamedWithItsRecord) {
  auto bytes = records({1, 2, 3});
  bytes.resize(bytes.size() - 100);
  write_file(root() / "test_batch.bin", bytes);
  EXPECT_THAT(error(Split::kTest), AllOf(HasSubstr("test_batch.bin"), HasSubstr("in record 2")));
  write_file(root() / "test_batch.bin", std::string());
  EXPECT_THAT(error(Split::kTest), HasSubstr("test_batch.bin: 0 bytes"));
}

TEST_F(CifarFiles, LabelOutOfRangeIsNamedWithItsRecord) {
  write_file(root() / "test_batch.bin", records({1, 10}));
  EXPECT_THAT(error(Split::kTest),
              AllOf(HasSubstr("test_batch.bin"), HasSubstr("record 1 has label 10")));
}

TEST_F(CifarFiles, MissingFilesAreListed) {
  EXPECT_THAT(error(Split::kTrain),
              AllOf(HasSubstr("data_batch_1.bin"), HasSubstr(root().string()),
                    HasSubstr("cifar-10-batches-bin"), HasSubstr("cifar-10-binary.tar.gz")));
}

TEST_F(CifarFiles, ClassNamesMustBeTen) {
  write_file(root() / "test_batch.bin", records({1}));
  write_file(root() / "batches.meta.txt", "cat\ndog\n");
  EXPECT_THAT(error(Split::kTest), HasSubstr("2 class names, not 10"));
  std::filesystem::remove(root() / "batches.meta.txt");
  EXPECT_THAT(error(Split::kTest), HasSubstr("batches.meta.txt: missing"));
}

TEST_F(CifarFiles, ArchiveOfSomethingElseIsRefused) {
  if (!archives_are_readable()) {
    GTEST_SKIP() << "built without libarchive";
  }
  const std::string command =
      "cd '" + root().string() + "' && echo x > readme && tar -czf cifar-10-binary.tar.gz readme";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_THAT(error(Split::kTest),
              AllOf(HasSubstr("cifar-10-binary.tar.gz"), HasSubstr("has no test_batch.bin")));
}

}  // namespace
}  // namespace sanas
