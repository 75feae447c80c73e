// SPDX-License-Identifier: Apache-2.0
#include "data/image_folder.h"

#include <gmock/gmock.h>

#include "data/data_test_support.h"
#include "data/dataset_reading.h"
#include "data/image_codec.h"
#include "support/stop_after.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using data_test::folder_from_environment;
using data_test::message_of;
using data_test::write_file;
using test::TemporaryFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// The names alone decide what is in the data set, so the files may be empty.
class ImageFolderTree : public testing::Test {
 protected:
  void add(const std::string& file) { write_file(root() / file, std::string()); }
  const std::filesystem::path& root() const { return folder_.path(); }

  std::string error(const std::string& part) const {
    return message_of<DataError>([&] { ImageFolder("folder", root() / part); });
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(ImageFolderTree, ClassesAndFilesAreSorted) {
  for (const char* file : {"dog/b.JPEG", "dog/a.png", "cat/z.webp", "cat/sub/y.Jpg",
                           "cat/notes.txt", "cat/.hidden.png", ".cache/x.png", "readme.png"}) {
    add(file);
  }
  const ImageFolder folder("folder", root());
  EXPECT_THAT(folder.info().classes, ElementsAre("cat", "dog"));
  ASSERT_EQ(folder.size(), 4);
  std::vector<std::string> names;
  std::vector<int64_t> labels;
  for (int64_t index = 0; index < folder.size(); ++index) {
    names.push_back(folder.sample_name(index));
    labels.push_back(folder.label(index));
  }
  EXPECT_THAT(names, ElementsAre("cat/sub/y.Jpg", "cat/z.webp", "dog/a.png", "dog/b.JPEG"));
  EXPECT_THAT(labels, ElementsAre(0, 0, 1, 1));
}

TEST_F(ImageFolderTree, UnfitTreesAreRefused) {
  EXPECT_THAT(error("missing"), HasSubstr("missing: no such folder"));
  EXPECT_THAT(error(""), HasSubstr("has no class folders"));
  add("cat/a.png");
  EXPECT_THAT(error(""), HasSubstr("has one class folder only"));
  add("dog/readme.txt");
  EXPECT_THAT(error(""), AllOf(HasSubstr("dog"), HasSubstr(": no image (.bmp, "),
                               HasSubstr("left out: 1 .txt")));
}

TEST_F(ImageFolderTree, ReadingEndsBetweenTwoClassFolders) {
  for (const char* file : {"train/cat/a.png", "train/dog/a.png", "train/eel/a.png"}) {
    add(file);
  }
  const std::string name = "reading " + (root() / "train").string();
  StopAfter<> stop(name, 2);
  EXPECT_THROW(ImageFolder("folder", root() / "train", stop), Interrupted);
  ASSERT_FALSE(stop.reports.empty());
  EXPECT_EQ(stop.reports.back().total, 3);
  if (images_are_decodable()) {
    StopAfter<> all(name, 3);  // too late
    EXPECT_EQ(open_dataset({"folder", root()}, Split::kTrain, all)->size(), 3);
    EXPECT_EQ(all.reports.size(), 4U);
  }
}

TEST_F(ImageFolderTree, BothPartsMustHaveTheSameClasses) {
  if (!images_are_decodable()) {
    GTEST_SKIP() << "built without OpenCV";
  }
  for (const char* file :
       {"train/cat/a.png", "train/dog/a.png", "val/cat/a.png", "val/eel/a.png"}) {
    add(file);
  }
  EXPECT_EQ(open_dataset({"folder", root()}, Split::kTrain)->size(), 2);
  EXPECT_THAT(message_of<DataError>([&] {
                open_dataset({"folder", root()}, Split::kTest);
              }),
              HasSubstr("the class folders are not those of"));
}

TEST_F(ImageFolderTree, TestFolderComesBeforeVal) {
  if (!images_are_decodable()) {
    GTEST_SKIP() << "built without OpenCV";
  }
  for (const char* file : {"val/cat/a.png", "val/dog/a.png"}) {
    add(file);
  }
  EXPECT_EQ(open_dataset({"folder", root()}, Split::kTest)->size(), 2);
  for (const char* file : {"test/cat/a.png", "test/cat/b.png", "test/dog/a.png"}) {
    add(file);
  }
  EXPECT_EQ(open_dataset({"folder", root()}, Split::kTest)->size(), 3);
  EXPECT_EQ(open_dataset({"imagenet", root()}, Split::kTest)->size(), 2);
  EXPECT_THAT(message_of<DataError>([&] {
                open_dataset({"imagenet", root()}, Split::kTrain);
              }),
              HasSubstr("imagenet: no folder " + (root() / "train").string()));
}

TEST_F(ImageFolderTree, ImageThatDoesNotDecodeIsNamed) {
  for (const char* file : {"cat/a.png", "dog/b.png"}) {
    add(file);
  }
  const ImageFolder folder("folder", root());
  EXPECT_THAT(message_of<DataError>([&] { folder.image(1); }), HasSubstr("dog/b.png"));
}

TEST_F(ImageFolderTree, NothingHiddenIsRead) {
  for (const char* file :
       {"cat/a.png", "cat/.ipynb_checkpoints/a-checkpoint.png", "cat/sub/.cache/deep/b.png",
        "cat/._a.png", "cat/.DS_Store", "dog/a.png", ".ipynb_checkpoints/x.png",
        "__MACOSX/cat/._a.png", "cat/x.gif", "cat/y.GIF", "stray.png"}) {
    add(file);
  }
  const ImageFolder folder("folder", root());
  EXPECT_THAT(folder.info().classes, ElementsAre("cat", "dog"));
  ASSERT_EQ(folder.size(), 2);
  EXPECT_EQ(folder.sample_name(0), "cat/a.png");
  EXPECT_THAT(folder.info().remarks, ElementsAre("left out: 2 .gif, 3 hidden",
                                                 "left out: 1 images that are in no class folder"));
  EXPECT_EQ(folder.info().place, root().string());
}

TEST_F(ImageFolderTree, LinksBackAreNoClassesAndAddNoImages) {
  add("train/cat/a.png");
  add("train/dog/a.png");
  std::filesystem::create_directory_symlink("..", root() / "train/up");
  std::filesystem::create_directory_symlink(".", root() / "train/self");
  std::filesystem::create_directory_symlink("../..", root() / "train/cat/up");
  std::filesystem::create_directory_symlink("cat", root() / "train/kitty");
  const ImageFolder folder("folder", root() / "train");
  EXPECT_THAT(folder.info().classes, ElementsAre("cat", "dog", "kitty"));
  EXPECT_EQ(folder.size(), 3);
}

TEST_F(ImageFolderTree, WhatCannotBeExaminedIsABadSample) {
  add("cat/a.png");
  add("dog/a.png");
  std::filesystem::create_symlink("gone.png", root() / "cat/b.png");
  std::filesystem::create_symlink("nowhere", root() / "eel");  // was it a class?
  const ImageFolder folder("folder", root());
  EXPECT_THAT(folder.info().classes, ElementsAre("cat", "dog", "eel"));
  ASSERT_EQ(folder.size(), 4);
  EXPECT_EQ(folder.fault(0), "");
  EXPECT_THAT(folder.fault(1), AllOf(HasSubstr("cat/b.png: can't be read: No such file")));
  EXPECT_THAT(folder.fault(3), HasSubstr("eel/.: can't be read: No such file"));
  EXPECT_EQ(message_of<DataError>([&] { folder.image(1); }), folder.fault(1));
}

TEST_F(ImageFolderTree, LinkToNothingIsNotPassedOverForVal) {
  if (!images_are_decodable()) {
    GTEST_SKIP() << "built without OpenCV";
  }
  for (const char* file : {"val/cat/a.png", "val/dog/a.png"}) {
    add(file);
  }
  std::filesystem::create_symlink("/no/such/disk", root() / "test");
  EXPECT_THAT(message_of<DataError>([&] {
                open_dataset({"folder", root()}, Split::kTest);
              }),
              HasSubstr((root() / "test").string() + ": no such folder"));
}

TEST_F(ImageFolderTree, ClassNamesMustBeOneLineOfUtf8) {
  if (!images_are_decodable()) {
    GTEST_SKIP() << "built without OpenCV";
  }
  const auto error_with = [&](const std::string& name) {
    const auto root_of = root() / std::to_string(name.size());
    write_file(root_of / "train" / "ape" / "a.png", std::string());
    write_file(root_of / "train" / name / "a.png", std::string());
    return message_of<DataError>([&] { open_dataset({"folder", root_of}, Split::kTrain); });
  };
  EXPECT_THAT(error_with("caf\xE9"), HasSubstr("train: the class name 'caf-' is no UTF-8"));
  EXPECT_THAT(error_with("c\na"), HasSubstr("the class name 'c-a' has control characters"));
  EXPECT_THAT(error_with("ca\tt!!"), HasSubstr("has control characters"));
  write_file(root() / "good/train/ape/a.png", std::string());
  write_file(root() / "good/train/größe 美" / "a.png", std::string());
  EXPECT_THAT(open_dataset({"folder", root() / "good"}, Split::kTrain)->info().classes,
              ElementsAre("ape", "größe 美"));
}

TEST(ImageFolderData, ImagenetSampleIsRead) {
  const auto shared = folder_from_environment("SANAS_SHARED_DIR");
  const auto root = shared / "data/imagenet-sample";
  if (shared.empty() || !std::filesystem::is_directory(root) || !images_are_decodable()) {
    GTEST_SKIP() << "no imagenet-sample in SANAS_SHARED_DIR/data, or no OpenCV";
  }
  const auto train = open_dataset({"imagenet", root}, Split::kTrain);
  const auto val = open_dataset({"imagenet", root}, Split::kTest);
  EXPECT_EQ(train->size(), 38 + 40 + 40 + 36);
  EXPECT_EQ(val->size(), 9 + 10 + 10 + 8);
  EXPECT_THAT(train->info().classes, ElementsAre("arthropod", "bird", "dog", "reptile"));
  EXPECT_EQ(train->sample_name(0), "arthropod/n01768244_trilobite.JPEG");
  for (int64_t index = 0; index < val->size(); ++index) {
    const Image image = val->image(index);
    EXPECT_GE(std::min(image.height, image.width), 256);
    EXPECT_EQ(image.channels, 3);
  }
}

}  // namespace
}  // namespace sanas
