// SPDX-License-Identifier: Apache-2.0
#include "data/image_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/data_test_support.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using data_test::write_file;
using test::TemporaryFolder;
using testing::ElementsAre;

TEST(ImageExtension, IsRecognisedInAnyCase) {
  // torchvision.datasets.folder.IMG_EXTENSIONS
  for (const char* name : {"a.jpg", "a.JPEG", "a.Png", "a.ppm", "a.BMP", "a.pgm", "a.tif", "a.TIFF",
                           "b.webp", "c.d.JPG"}) {
    EXPECT_TRUE(has_image_extension(name)) << name;
  }
  for (const char* name : {"a.txt", "jpg", "a.jpg.bak", "a.gif", "a", ".jpg"}) {
    EXPECT_FALSE(has_image_extension(name)) << name;
  }
}

// The names alone decide, so the files may be empty.
class ImageWalk : public testing::Test {
 protected:
  void add(const std::string& file) { write_file(root() / file, std::string()); }
  void link(const std::string& target, const std::string& name) {
    std::filesystem::create_directories((root() / name).parent_path());
    std::filesystem::create_symlink(target, root() / name);
  }
  std::vector<std::string> paths() const {
    std::vector<std::string> all;
    for (const ImageFile& file : find_image_files(root() / "here").files) {
      all.push_back(file.path + (file.fault.empty() ? "" : " !"));
    }
    return all;
  }
  const std::filesystem::path& root() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

TEST_F(ImageWalk, HiddenNamesAreLeftOutWithAllThatIsInThem) {
  for (const char* file :
       {"here/b.png", "here/a/c.JPG", "here/.ipynb_checkpoints/b.png", "here/a/.x/y/z.png",
        "here/._b.png", "here/__MACOSX/b.png", "here/.DS_Store", "here/Thumbs.db", "here/a/notes",
        "here/a/old.Thumbs.DB"}) {
    add(file);
  }
  EXPECT_THAT(paths(), ElementsAre("a/c.JPG", "b.png"));
  EXPECT_EQ(find_image_files(root() / "here").left_out.describe(),
            "1 without an ending, 2 .db, 4 hidden");
}

TEST_F(ImageWalk, LinksAreFollowed) {
  add("there/a.png");
  add("there/.hidden.png");
  add("x.jpg");
  link("../there", "here/folder");
  link("../x.jpg", "here/file.jpg");
  link("../x.jpg", "here/file.txt");
  EXPECT_THAT(paths(), ElementsAre("file.jpg", "folder/a.png"));
  EXPECT_THAT(find_image_files(root() / "here/folder").files.size(), 1U);  // also as the first one
}

TEST_F(ImageWalk, LoopsOfLinksEnd) {
  add("here/a.png");
  add("here/b/c.png");
  link("..", "here/b/up");
  link(".", "here/self");
  link("../b", "here/b/again");
  link("..", "here/out");  // where what is no part of the folder lies
  link(std::filesystem::canonical(root()).parent_path(), "here/b/far_out");
  add("other/d.png");
  link("../here", "other/back");
  link("../other", "here/other");
  EXPECT_THAT(paths(), ElementsAre("a.png", "b/c.png", "other/d.png"));
}

TEST_F(ImageWalk, FolderMayBeNamedInManyWays) {
  add("here/a.png");
  add("here/b/c.png");
  link("here", "there");
  const auto before = std::filesystem::current_path();
  for (const char* name : {"here", "here/", "here/.", "here/b/..", "./here//", "there", "there/"}) {
    EXPECT_EQ(find_image_files(root() / name).files.size(), 2U) << name;
  }
  std::filesystem::current_path(root() / "here/b");
  EXPECT_EQ(find_image_files(".").files.size(), 1U);
  EXPECT_EQ(find_image_files("..").files.size(), 2U);
  EXPECT_EQ(find_image_files("../").files.size(), 2U);
  std::filesystem::current_path(before);
}

TEST_F(ImageWalk, WhatCannotBeExaminedDoesNotVanish) {
  add("here/a.png");
  link("gone.png", "here/b.png");
  link("gone", "here/c");       // perhaps a folder of images
  link("d.png", "here/d.png");  // to itself
  ASSERT_EQ(::mkfifo((root() / "here/e.png").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo((root() / "here/pipe").c_str(), 0600), 0);
  EXPECT_THAT(paths(), ElementsAre("a.png", "b.png !", "c !", "d.png !", "e.png !"));
  EXPECT_THAT(find_image_files(root() / "nowhere").files.front().path, ".");
  if (::geteuid() != 0) {  // who may read everything
    add("here/z/f.png");
    ASSERT_EQ(::chmod((root() / "here/z").c_str(), 0), 0);
    EXPECT_THAT(paths(), ElementsAre("a.png", "b.png !", "c !", "d.png !", "e.png !", "z !"));
    ASSERT_EQ(::chmod((root() / "here/z").c_str(), 0700), 0);
  }
}

}  // namespace
}  // namespace sanas
