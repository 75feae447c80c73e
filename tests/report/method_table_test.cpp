// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/method_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace sanas
