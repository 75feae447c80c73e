// SPDX-License-Identifier: Apache-2.0
#include "report/charts/chart_figure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>

namespace sanas {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Chart chart_of(std::vector<double> y, bool logarithmic = false) {
  Chart chart;
  chart.title = "Loss";
  chart.x_label = "step";
  chart.logarithmic = logarithmic;
  ChartSeries series{"W1", {}, std::move(y), 0};
  for (size_t i = 0; i < series.y.size(); ++i) {
    series.x.push_back(static_cast<double>(i));
  }
  chart.series.push_back(series);
  return chart;
}

size_t count(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  return static_cast<size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), expression), {}));
}

/// The points of the line in the drawing.
std::vector<std::pair<double, double>> points(const std::string& html) {
  std::smatch path;
  EXPECT_TRUE(std::regex_search(html, path, std::regex("class=\"line s0\" d=\"([^\"]*)\"><title")));
  const std::string d = path[1];
  const std::regex pair("[ML]([-0-9.]+) ([-0-9.]+)");
  std::vector<std::pair<double, double>> result;
  for (std::sregex_iterator it(d.begin(), d.end(), pair), end; it != end; ++it) {
    result.emplace_back(std::stod((*it)[1]), std::stod((*it)[2]));
  }
  return result;
}

nlohmann::json data_of(const std::string& html) {
  std::smatch match;
  EXPECT_TRUE(std::regex_search(html, match, std::regex("json\">([^\n]*)</script>")));
  return nlohmann::json::parse(match[1].str());
}

TEST(Chart, IsAffineInItsPoints) {
  const auto drawn = points(chart_figure(chart_of({1.0, 3.0, 2.0})));
  ASSERT_EQ(drawn.size(), 3U);
  EXPECT_NEAR(drawn[1].first - drawn[0].first, drawn[2].first - drawn[1].first, 0.11);
  EXPECT_NEAR(drawn[0].second - drawn[1].second, 2 * (drawn[0].second - drawn[2].second), 0.31);
  EXPECT_LT(drawn[1].second, drawn[0].second);  // larger values are higher up
}

TEST(Chart, IsAffineInTheLogarithm) {
  const auto drawn = points(chart_figure(chart_of({1e-6, 1e-2, 1e-4}, true)));
  ASSERT_EQ(drawn.size(), 3U);
  EXPECT_NEAR(drawn[0].second - drawn[1].second, 2 * (drawn[0].second - drawn[2].second), 0.31);
}

TEST(Chart, BreaksTheLineWhereAValueIsNotFinite) {
  const std::string html = chart_figure(chart_of({1.0, 2.0, kNaN, 4.0, 5.0, kNaN, 3.0}));
  std::smatch path;
  ASSERT_TRUE(std::regex_search(html, path, std::regex("class=\"line s0\" d=\"([^\"]*)\"><title")));
  EXPECT_EQ(count(path[1], "M"), 3U);
  EXPECT_EQ(count(html, "<circle class=\"dot s0\""), 1U);  // the point that stands alone
  EXPECT_NE(html.find("2 values are not finite or too large and not shown"), std::string::npos);
  EXPECT_EQ(html.find("nan"), std::string::npos);
}

TEST(Chart, ShowsASinglePointAsADot) {
  const std::string html = chart_figure(chart_of({0.5}));
  EXPECT_EQ(count(html, "<circle class=\"dot s0\""), 1U);
}

TEST(Chart, IsEmptyWithoutAPointToShow) {
  EXPECT_EQ(chart_figure(chart_of({})), "");
  EXPECT_EQ(chart_figure(chart_of({kNaN, kNaN})), "");
  EXPECT_EQ(chart_figure(chart_of({0.0, -1.0}, true)), "");
}

TEST(Chart, ReducesALongSeriesToMeansWithABand) {
  std::vector<double> values;
  double sum = 0.0;
  for (int i = 0; i < 24000; ++i) {
    values.push_back(i == 12345 ? 100.0 : i % 2 == 0 ? 1.0 : 3.0);
    sum += values.back();
  }
  const std::string html = chart_figure(chart_of(values));
  EXPECT_LT(html.size(), 40000U);
  EXPECT_EQ(count(html, "class=\"band s0\""), 1U);
  // Equal intervals: the mean of the means is the mean.
  const auto y = data_of(html)["series"][0]["y"].get<std::vector<double>>();
  double mean = 0.0;
  for (const double value : y) {
    mean += value / static_cast<double>(y.size());
  }
  EXPECT_NEAR(mean, sum / 24000.0, 1e-3);
  EXPECT_NE(html.find(">100<"), std::string::npos);  // the table keeps the highest value
}

TEST(Chart, StaysInItsFrame) {
  const std::vector<std::vector<double>> cases{{0.0, 0.0},        {1e-300, 1e300}, {-5.0, 5.0},
                                               {1e9, 1e9 + 1},    {-1e-9, 1e-9},   {0.1, 0.2, 0.15},
                                               {1e15, 1e15, 1e15}};
  for (const auto& values : cases) {
    for (const bool logarithmic : {false, true}) {
      const std::string html = chart_figure(chart_of(values, logarithmic));
      if (html.empty()) {
        EXPECT_TRUE(logarithmic);
        continue;
      }
      for (const auto& [x, y] : points(html)) {
        EXPECT_TRUE(x >= 0 && x <= 400 && y >= 0 && y <= 232) << x << " " << y;
      }
      EXPECT_LT(count(html, "<text"), 24U);
    }
  }
}

TEST(Chart, EscapesEveryName) {
  Chart chart = chart_of({1.0, 2.0});
  chart.title = chart.x_label = chart.y_label = chart.series[0].name =
      "</script><script>alert(1)</script>\"'&";
  const std::string html = chart_figure(chart);
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_EQ(count(html, "</script>"), 1U);
  EXPECT_EQ(data_of(html)["series"][0]["name"], chart.series[0].name);
}

}  // namespace
}  // namespace sanas
