// SPDX-License-Identifier: Apache-2.0
#include "formats/json_text.h"

#include <gtest/gtest.h>

namespace sanas {
namespace {

std::string object_of(int keys) {
  std::string text = "{";
  for (int i = 0; i < keys; ++i) {
    text += "\"" + std::to_string(i) + "\":1,";
  }
  text.back() = '}';
  return text;
}

std::string nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(JsonText, KeepsTheOrderOfKeys) {
  EXPECT_EQ(parse_json(R"({"b": [1, {"c": null}], "a": 2})").dump(),
            R"({"b":[1,{"c":null}],"a":2})");
  EXPECT_TRUE(parse_json("{\"a\": ").is_discarded());
}

TEST(JsonText, OneOfTwoEqualKeysIsNotTaken) {
  EXPECT_TRUE(parse_json(R"({"a":1,"b":[{"c":1,"c":2}]})").is_discarded());
  EXPECT_EQ(parse_json(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})").size(), 2U);
}

TEST(JsonText, DeepNestingIsNone) {
  EXPECT_FALSE(parse_json(nested(64)).is_discarded());
  EXPECT_TRUE(parse_json(nested(66)).is_discarded());
}

TEST(JsonText, AMillionKeysAreNone) {
  EXPECT_EQ(parse_json(object_of(20'000)).size(), 20'000U);
  EXPECT_TRUE(parse_json(object_of(1'000'000)).is_discarded());  // not in hours
}

TEST(JsonText, BracketsAndColonsInTextCountForNothing) {
  const std::string text = "{\"" + std::string(100, '[') + "\\\":\": \"{{{{\\\\\"}";
  EXPECT_EQ(parse_json(text).size(), 1U) << text;
}

TEST(JsonText, ManyObjectsOfFewKeysAreFine) {
  std::string text = "[";
  for (int i = 0; i < 10'000; ++i) {
    text += object_of(30) + ",";
  }
  text.back() = ']';
  EXPECT_EQ(parse_json(text).size(), 10'000U);
  text = "[";
  for (int i = 0; i < 1'000'000; ++i) {
    text += "{},";
  }
  text.back() = ']';
  EXPECT_EQ(parse_json(text).size(), 1'000'000U);
}

TEST(JsonText, MembersOfAnotherKindAreNotThere) {
  const auto record = parse_json(R"({"loss":0.5,"epoch":3,"phase":"search","none":null})");
  EXPECT_EQ(number_in(record, "loss"), 0.5);
  EXPECT_EQ(number_in(record, "epoch"), 3.0);
  EXPECT_EQ(number_in(record, "phase"), std::nullopt);
  EXPECT_EQ(number_in(record, "none"), std::nullopt);
  EXPECT_EQ(text_in(record, "phase"), "search");
  EXPECT_EQ(text_in(record, "loss"), "");
  EXPECT_EQ(text_in(parse_json("7"), "phase"), "");
}

}  // namespace
}  // namespace sanas
