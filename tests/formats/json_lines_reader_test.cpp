// SPDX-License-Identifier: Apache-2.0
#include "formats/json_lines_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace sanas {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(JsonLinesReader, TellsWhichLinesAreLeftOut) {
  const test::TemporaryFolder folder;
  test::write_content(folder / "x.jsonl", "{\"a\":1}\n7\n{\"a\":2}\n[]\n\n8\n9\n{\"a\":");
  std::vector<std::string> problems;
  const auto records = read_json_lines(folder / "x.jsonl", problems);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1]["a"], 2);
  EXPECT_THAT(problems,
              ElementsAre("x.jsonl, line 2: no JSON object; left out",
                          "x.jsonl, line 4: no JSON object; left out",
                          "x.jsonl, line 5: no JSON object; left out",
                          "x.jsonl is cut in the middle of line 8; the lines before it are shown",
                          "x.jsonl: 2 more lines are no JSON objects"));
}

TEST(JsonLinesReader, AMissingFileHasNoLines) {
  std::vector<std::string> problems;
  EXPECT_THAT(read_json_lines("/nowhere/x.jsonl", problems), IsEmpty());
  EXPECT_THAT(problems, IsEmpty());
}

}  // namespace
}  // namespace sanas
