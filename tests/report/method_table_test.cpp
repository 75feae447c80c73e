// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/method_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/delimited_text.h"

namespace sanas {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Comparison, SaysUndefinedInEveryFormat) {
  const MethodScores ours{"ours~", {0.9, 0.9}};
  const std::vector<MethodComparison> comparisons{compare_methods(ours, {"flat", {0.8, 0.8, 0.8}}),
                                                  compare_methods(ours, {"one", {0.8}})};
  const auto text = comparison_table(comparisons, TableFormat::kText);
  EXPECT_THAT(text, AllOf(HasSubstr("80.00 ± undefined %  (1 run)"),
                          HasSubstr("one-sample t = undefined, p = undefined; Welch t = undefined"),
                          HasSubstr("no spread"), Not(HasSubstr("nan"))));
  const auto latex = comparison_table(comparisons, TableFormat::kLatex);
  EXPECT_THAT(latex,
              AllOf(HasSubstr("ours\\textasciitilde{}"), HasSubstr("& undefined & undefined"),
                    HasSubstr("$80.00$ (one run)"), Not(HasSubstr("nan"))));
  const auto csv = comparison_table(comparisons, TableFormat::kCsv);
  EXPECT_THAT(csv, HasSubstr("ours~,one,2,0.9,0,1,0.8,nan,nan,nan,nan,nan,nan\n"));
}

TEST(Comparison, CsvHasEachStatisticUnderItsName) {
  // Means 0.91 and 0.82, standard errors 0.01 and 0.02: t = 9 and 0.09 / √0.0005.
  const auto csv = comparison_table({compare_methods({"a", {0.9, 0.92}}, {"b", {0.8, 0.84}})},
                                    TableFormat::kCsv);
  const size_t second_line = csv.find('\n') + 1;
  const auto names = split_fields(csv.substr(0, second_line - 1), ',');
  const auto fields = split_fields(csv.substr(second_line), ',');
  ASSERT_EQ(names.size(), fields.size());
  EXPECT_EQ(names[8], "t_one_sample");
  EXPECT_NEAR(std::stod(fields[8]), 9.0, 1e-9);
  EXPECT_EQ(names[10], "t_welch");
  EXPECT_NEAR(std::stod(fields[10]), 4.02492235949962, 1e-9);
}

}  // namespace
}  // namespace sanas
