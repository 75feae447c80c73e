// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/accuracy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/damage.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::file_error;
using test::TemporaryFolder;
using testing::AllOf;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<double> read(const std::string& text) {
  const TemporaryFolder folder;
  test::write_content(folder / "a.txt", text);
  return read_accuracies(folder / "a.txt");
}

std::string error_of(const std::string& text) {
  return file_error([&] { read(text); });
}

TEST(AccuracyFile, OneUnitForAllNumbers) {
  const auto expected = ElementsAre(DoubleEq(0.9724), DoubleEq(0.9731));
  EXPECT_THAT(read("0.9724\n0.9731\n"), expected);
  EXPECT_THAT(read("97.24\n97.31\n"), expected);
  EXPECT_THAT(read("97.24%\n97.31 %"), expected);
  EXPECT_THAT(read("0\n1\n"), ElementsAre(0.0, 1.0));
  EXPECT_THAT(read("0.5%\n2%\n"), ElementsAre(0.005, 0.02));
  EXPECT_THAT(error_of("0.9724\n97.31\n"), HasSubstr("a.txt:2: not in the unit of line 1"));
  EXPECT_THAT(error_of("97.24\n\n1\n"), HasSubstr("a.txt:3: not in the unit of line 1"));
  EXPECT_THAT(error_of("97.24\n97.31 %\n"), HasSubstr("a.txt:2: not in the unit"));
  for (const char* wrong : {"100.1\n", "-0.1\n", "1e9\n", "101 %\n"}) {
    EXPECT_THAT(error_of(wrong), HasSubstr("a.txt:1: no accuracy")) << wrong;
  }
}

TEST(AccuracyFile, LinesOfOtherSystemsAndTables) {
  EXPECT_THAT(read("\xef\xbb\xbf# of my runs\r\n0.5\r\n\r\n 0.25 \r\n"), ElementsAre(0.5, 0.25));
  EXPECT_THAT(read("seed\taccuracy\tloss\n0\t0.5\t1\n1\t0.25\t2\n"), ElementsAre(0.5, 0.25));
  EXPECT_THAT(read("seed,name,Accuracy\r\n0,\"a, b\",50\r\n1,c,25\r\n"), ElementsAre(0.5, 0.25));
  EXPECT_THAT(read("accuracy\n0.5\n"), ElementsAre(0.5));
  EXPECT_THAT(error_of("accuracy\tloss\taccuracy\n0.5\t1\t0.4\n"), HasSubstr("'accuracy' twice"));
  EXPECT_THAT(error_of("seed\taccuracy\n0\t0.5\n1\n"), HasSubstr("a.txt:3: '1' has no number"));
}

TEST(AccuracyFile, ColumnsWithoutAHeadingAreNotGuessed) {
  for (const char* text : {"0\t0.9750\n", "0,0.9750\n", "0 0.9750\n", "97,24\n", "acc\n0.5\n",
                           "half\n", "nan\n", "inf\n", "seed;accuracy\n0;0.5\n"}) {
    EXPECT_THAT(error_of(text), AllOf(HasSubstr("a.txt:1: "), HasSubstr("is not one number"),
                                      HasSubstr("with a point, not a comma")))
        << text;
  }
  EXPECT_THAT(error_of("\n"), HasSubstr("no accuracies"));
}

TEST(AccuracyFile, IsRefusedOrReadWhereItIsDamaged) {
  const TemporaryFolder folder;
  const auto file = folder / "results.tsv";
  expect_damage_is_survived<FileError>("run\taccuracy\tloss\n0\t0.9721\t0.1\n1\t0.9\t1e-3\n",
                                       [&](const std::string& text) {
                                         test::write_content(file, text);
                                         EXPECT_FALSE(read_accuracies(file).empty());
                                       });
}

}  // namespace
}  // namespace sanas
