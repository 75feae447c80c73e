// SPDX-License-Identifier: Apache-2.0
#include "report/ratings/rating_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanas {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(RatingPage, IsOneFileAroundTheData) {
  const std::string page = rating_page(R"({"sheet":"1"})");
  EXPECT_THAT(page, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(page,
              HasSubstr(R"(<script type="application/json" id="sheet">{"sheet":"1"}</script>)"));
  EXPECT_THAT(page, AllOf(HasSubstr("<style>\n:root {"), HasSubstr("<script>\n\"use strict\";")));
  EXPECT_THAT(page, AllOf(Not(HasSubstr("rating.css")), Not(HasSubstr("rating.js"))));
}

/// What stands in the data is no place to fill in.
TEST(RatingPage, LeavesTheDataAsTheyAre) {
  const std::string data = R"({"sheet":"\u003cscript src=\"rating.js\">${x} @page.css@"})";
  EXPECT_THAT(rating_page(data), HasSubstr(">" + data + "</script>"));
}

}  // namespace
}  // namespace sanas
