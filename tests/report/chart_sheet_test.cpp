// SPDX-License-Identifier: Apache-2.0
#include "report/charts/chart_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <regex>

#include "report/assets.h"

namespace sanas {
namespace {

using testing::HasSubstr;
using testing::Not;

Chart chart_of(const std::string& title, std::vector<double> y) {
  Chart chart;
  chart.title = title;
  chart.x_label = "share";
  chart.series = {{"first", {0.0, 0.5, 1.0}, std::move(y), 0}, {"a<b", {0.0, 1.0}, {0.1, 0.2}, 1}};
  return chart;
}

size_t count(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  return static_cast<size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), expression), {}));
}

/// Colours by the number of the line.
std::map<std::string, std::string> colors(std::string_view style, const std::string& pattern) {
  const std::string text(style.substr(0, style.find("@media")));
  const std::regex expression(pattern);
  std::map<std::string, std::string> result;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
    result[(*it)[1]] = (*it)[2];
  }
  return result;
}

TEST(ChartSheet, HasEveryChartAndOneLegend) {
  const std::string svg =
      chart_sheet({chart_of("One", {1.0, 2.0, 3.0}), chart_of("Two", {3.0, 2.0, 1.0}),
                   chart_of("Three", {1.0, NAN, 1.0})});
  EXPECT_EQ(count(svg, "class=\"title\""), 3U);
  EXPECT_EQ(count(svg, "<path class=\"line s0\" d=\"[^\"]*\"><title>first</title>"), 3U);
  EXPECT_EQ(count(svg, "<path class=\"line s1\" d=\"[^\"]*\"><title>a&lt;b</title>"), 3U);
  EXPECT_EQ(count(svg, "class=\"name\""), 2U);
  EXPECT_EQ(count(svg, "<circle"), 2U);        // what lies beside the gap
  EXPECT_THAT(svg, HasSubstr(">0.5</text>"));  // x is no whole number
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(ChartSheet, NamesThePoints) {
  Chart chart = chart_of("Layers", {1.0, 0.5, 0.25});
  chart.series = {{"first", {0.0, 1.0, 2.0}, {1.0, 0.5, 0.25}, 0}};
  chart.x_names = {"none", "classifier", "stem"};
  const std::string svg = chart_sheet({chart});
  EXPECT_EQ(count(svg, "rotate\\(-40 [0-9. ]+\\)\">(none|classifier|stem)</text>"), 3U);
}

TEST(ChartSheet, ShowsAChartWithoutPointsAsItsTitle) {
  Chart chart = chart_of("Nothing", {NAN, NAN, NAN});
  chart.series.resize(1);
  const std::string svg = chart_sheet({chart});
  EXPECT_THAT(svg, HasSubstr(">Nothing</text>"));
  EXPECT_EQ(count(svg, "class=\"axis\""), 0U);
}

TEST(ChartSheet, HasTheColoursOfAPage) {
  const auto sheet = colors(kSheetStyle, "s([0-9]) \\{ color: (#[0-9a-f]{6})");
  EXPECT_EQ(sheet.size(), 10U);
  EXPECT_EQ(sheet, colors(kPageStyle, "--c([0-9]): (#[0-9a-f]{6})"));
}

}  // namespace
}  // namespace sanas
