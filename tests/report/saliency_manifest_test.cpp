// SPDX-License-Identifier: Apache-2.0
#include "report/saliency_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace sanas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(SaliencyManifest, NamesTheMapsAndTheirPlaces) {
  const test::TemporaryFolder folder;
  test::write_content(folder / "saliency.json",
                      R"({"format":"sanas-saliency-1","columns":[{"name":"a b","folder":"a-b"},)"
                      R"({"name":"c","folder":"."}],"images":["x","inner/y"]})");
  const SaliencyManifest manifest = read_saliency_manifest(folder.path());
  ASSERT_EQ(manifest.columns.size(), 2U);
  EXPECT_EQ(manifest.columns[0].name, "a b");
  EXPECT_EQ(manifest.columns[0].folder, "a-b");
  EXPECT_EQ(manifest.columns[1].folder, ".");
  EXPECT_THAT(manifest.images, ElementsAre("x", "inner/y"));
}

TEST(SaliencyManifest, WhatSanasSaliencyDoesNotWriteIsRefused) {
  const test::TemporaryFolder folder;
  for (const auto& [text, problem] : {
           std::pair("[", "not of the format"),
           std::pair(R"({"format":"other-1","columns":[],"images":[]})", "not of the format"),
           std::pair(R"({"format":"sanas-saliency-1","columns":[{"name":"a"}]})",
                     "a column without"),
           std::pair(R"({"format":"sanas-saliency-1","columns":[7]})", "a column without"),
           std::pair(R"({"format":"sanas-saliency-1","images":[7]})", "an image without"),
           std::pair(R"({"format":"sanas-saliency-1","images":["/etc/x"]})",
                     "'/etc/x' is no place"),
       }) {
    test::write_content(folder / "saliency.json", text);
    EXPECT_THAT(test::file_error([&] { read_saliency_manifest(folder.path()); }),
                HasSubstr(problem));
  }
}

TEST(SaliencyManifest, OneBadColumnLeavesTheOthers) {
  std::vector<std::string> problems;
  const auto columns =
      saliency_columns(nlohmann::ordered_json::parse(R"({"columns":[{"name":"a","folder":"../a"},)"
                                                     R"({"name":"b","folder":"b"}]})"),
                       problems);
  ASSERT_EQ(columns.size(), 1U);
  EXPECT_EQ(columns[0].name, "b");
  EXPECT_THAT(problems, ElementsAre("'../a' is no place inside of its folder"));
  problems.clear();
  EXPECT_THAT(saliency_columns(nlohmann::ordered_json(), problems), IsEmpty());
  EXPECT_THAT(problems, IsEmpty());
}

}  // namespace
}  // namespace sanas
