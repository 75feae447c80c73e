// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/image_folder.h"

#include <gmock/gmock.h>

#include "data/data_test_support.h"
#include "sanas/data/image_codec.h"

namespace sanas {
namespace {

using data_test::folder_from_environment;
using data_test::message_of;
using data_test::TemporaryFolder;
using data_test::write_file;
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
  EXPECT_THAT(error(""), AllOf(HasSubstr("dog"), HasSubstr("no image (jpg, jpeg, png, webp)")));
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
