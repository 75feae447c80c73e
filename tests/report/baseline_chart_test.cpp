// SPDX-License-Identifier: Apache-2.0
#include "report/baseline_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

namespace sanas {
namespace {

using testing::HasSubstr;
using testing::Not;

TrainingScore score(const std::string& name, bool found, std::optional<double> top1) {
  return {name, found, top1, std::nullopt, "at the end"};
}

/// All numbers that the first group of a pattern finds.
std::vector<double> numbers(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<double> found;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) {
    found.push_back(std::stod((*it)[1]));
  }
  return found;
}

/// The drawing without its legend.
std::string drawing(const std::string& html) {
  const size_t begin = html.find("<svg class=\"plot\"");
  return begin == std::string::npos ? "" : html.substr(begin);
}

TEST(BaselineChart, PlacesEveryTrainingByItsAccuracy) {
  const std::string svg =
      drawing(baseline_chart({score("eval", true, 0.9), score("random-0", false, 0.5),
                              score("random-1", false, 0.7), score("random-2", false, 0.6)}));
  const auto x = numbers(svg, "<circle[^>]* cx=\"([0-9.]+)\"");
  ASSERT_EQ(x.size(), 4U);
  constexpr double kRounding = 0.11;
  const double tenth = (x[0] - x[1]) / 4.0;
  EXPECT_GT(tenth, 0.0);
  EXPECT_NEAR(x[2], x[1] + 2.0 * tenth, kRounding);
  EXPECT_NEAR(x[3], x[1] + tenth, kRounding);
  // The mean of the random ones is 0.6, their range that from 0.5 to 0.7.
  EXPECT_NEAR(numbers(svg, "class=\"line s7\" d=\"M([0-9.]+) ").at(0), x[3], kRounding);
  EXPECT_NEAR(numbers(svg, "<rect[^>]* x=\"([0-9.]+)\"").at(0), x[1], kRounding);
  EXPECT_NEAR(numbers(svg, "<rect[^>]* width=\"([0-9.]+)\"").at(0), x[2] - x[1], kRounding);
  const auto y = numbers(svg, "<circle[^>]* cy=\"([0-9.]+)\"");
  EXPECT_TRUE(std::is_sorted(y.begin(), y.end()));
  const auto radius = numbers(svg, "<circle[^>]* r=\"([0-9.]+)\"");
  EXPECT_GT(radius[0], radius[1]);
  EXPECT_EQ(radius[1], radius[3]);
  EXPECT_EQ(numbers(svg, "<text class=\"found\"[^>]*>([0-9.]+) %").size(), 1U);
}

TEST(BaselineChart, StaysWithinItsDrawingWhateverTheAccuracies) {
  for (const auto& pair : {std::pair(0.0, 1.0), std::pair(0.5, 0.5), std::pair(1.0, 1.0),
                           std::pair(0.0, 0.0), std::pair(0.5, 0.50001)}) {
    const std::string svg = drawing(
        baseline_chart({score("a", true, pair.first), score("random-0", false, pair.second)}));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    const auto x = numbers(svg, "<circle[^>]* cx=\"([0-9.]+)\"");
    ASSERT_EQ(x.size(), 2U);
    for (const double place : x) {
      EXPECT_GT(place, 0.0);
      EXPECT_LT(place, 400.0);
    }
  }
}

TEST(BaselineChart, LeavesOutWhatWasNotTestedAndNeedsTwo) {
  EXPECT_EQ(baseline_chart({}), "");
  EXPECT_EQ(baseline_chart({score("a", true, 0.5)}), "");
  EXPECT_EQ(baseline_chart({score("a", true, 0.5), score("b", false, std::nullopt)}), "");
  const std::string html = baseline_chart(
      {score("a", true, 0.5), score("b", false, std::nullopt), score("c", false, 0.25)});
  EXPECT_EQ(numbers(drawing(html), "<circle[^>]* cx=\"([0-9.]+)\"").size(), 2U);
  EXPECT_THAT(html, Not(HasSubstr("<rect")));  // one random genotype has no range
}

TEST(BaselineChart, CountsThoseThatHaveNoRoom) {
  std::vector<TrainingScore> scores;
  for (int i = 0; i < 100; ++i) {
    scores.push_back(score("random-" + std::to_string(i), false, 0.01 * i));
  }
  const std::string html = baseline_chart(scores);
  const size_t drawn = numbers(drawing(html), "<circle[^>]* cx=\"([0-9.]+)\"").size();
  EXPECT_LT(drawn, 100U);
  EXPECT_THAT(html, HasSubstr("and " + std::to_string(100 - drawn) + " more"));
}

TEST(BaselineChart, NamesStayText) {
  const std::string html =
      baseline_chart({score("<script>alert(1)", true, 0.5), score("\"><b>", false, 0.25)});
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
  EXPECT_THAT(html, HasSubstr("&quot;&gt;&lt;b&gt;"));
}

TEST(TrainingScores, TellMeansRangesAndHowManyAreWorse) {
  const std::vector<TrainingScore> scores{score("eval", true, 0.625), score("random-0", false, 0.5),
                                          score("random-1", false, 0.75),
                                          score("random-2", false, std::nullopt)};
  const std::string words = scores_in_words(scores);
  EXPECT_THAT(words, HasSubstr("the found genotype: 62.50 %"));
  EXPECT_THAT(words, HasSubstr("2 trainings of random genotypes: mean 62.50 ± 17.68 %"));  // 25/√2
  EXPECT_THAT(words, HasSubstr("from 50.00 % to 75.00 %"));
  EXPECT_THAT(words, HasSubstr("better than 1 of 2 random ones"));
  EXPECT_EQ(scores_in_words({}), "");
  EXPECT_THAT(scores_table(scores), Not(HasSubstr("parameters")));
}

}  // namespace
}  // namespace sanas
