// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/cell_drawing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "report/cells/graphviz.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using testing::HasSubstr;

/// The cells of all presets.
std::vector<CellGenotype> all_cells() {
  std::vector<CellGenotype> cells;
  for (const auto& name : preset_genotype_names()) {
    const auto genotype = load_genotype(name);
    cells.push_back(genotype.normal);
    cells.push_back(genotype.reduce);
  }
  return cells;
}

size_t count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

/// Boxes of the drawing: x, y, width, height.
std::vector<std::array<double, 4>> boxes(const std::string& svg) {
  const std::regex pattern(
      "<rect x=\"([0-9.]+)\" y=\"([0-9.]+)\" width=\"([0-9.]+)\" height=\"([0-9.]+)\"");
  std::vector<std::array<double, 4>> result;
  for (std::sregex_iterator it(svg.begin(), svg.end(), pattern), end; it != end; ++it) {
    result.push_back(
        {std::stod((*it)[1]), std::stod((*it)[2]), std::stod((*it)[3]), std::stod((*it)[4])});
  }
  return result;
}

using Points = std::vector<std::pair<double, double>>;

/// Points along every edge of the drawing, whose paths are made of M, L and C.
std::vector<Points> edge_points(const std::string& svg) {
  const std::regex path("<path d=\"([^\"]*)\" fill=\"none\"");
  std::vector<Points> result;
  for (std::sregex_iterator it(svg.begin(), svg.end(), path), end; it != end; ++it) {
    std::istringstream words((*it)[1]);
    Points points;
    Points controls;
    char command = 'M';
    for (std::string word; words >> word;) {
      if (std::isalpha(static_cast<unsigned char>(word[0])) != 0) {
        command = word[0];
        word.erase(0, 1);
      }
      const size_t comma = word.find(',');
      controls.emplace_back(std::stod(word.substr(0, comma)), std::stod(word.substr(comma + 1)));
      if (controls.size() < (command == 'C' ? 3U : 1U)) {
        continue;
      }
      if (command != 'M') {
        controls.insert(controls.begin(), points.back());
      }
      while (command == 'L' && controls.size() < 4) {
        controls.insert(controls.begin() + 1, controls.front());  // a line as a curve
      }
      for (int step = 1; command != 'M' && step <= 50; ++step) {
        const double t = step / 50.0;
        const std::array<double, 4> weights{(1 - t) * (1 - t) * (1 - t), 3 * t * (1 - t) * (1 - t),
                                            3 * t * t * (1 - t), t * t * t};
        std::pair<double, double> point;
        for (size_t i = 0; i < 4; ++i) {
          point.first += weights[i] * controls[i].first;
          point.second += weights[i] * controls[i].second;
        }
        points.push_back(point);
      }
      if (command == 'M') {
        points.push_back(controls.front());
      }
      controls.clear();
    }
    result.push_back(points);
  }
  return result;
}

TEST(CellDrawing, DotHasTheEdgesOfDartsSecondOrder) {
  // darts-family §6, DARTS_V2, normal cell.
  const auto dot = cell_to_dot(load_genotype("DARTS_V2").normal, "normal");
  for (const char* edge :
       {R"("c_{k-2}" -> "0" [label=" sep_conv_3x3 "])",
        R"("c_{k-1}" -> "0" [label=" sep_conv_3x3 "])",
        R"("c_{k-2}" -> "2" [label=" skip_connect "])",
        R"("c_{k-1}" -> "2" [label=" sep_conv_3x3 "])",
        R"("c_{k-2}" -> "3" [label=" skip_connect "])", R"("0" -> "3" [label=" dil_conv_3x3 "])",
        R"("0" -> "c_{k}")", R"("1" -> "c_{k}")", R"("2" -> "c_{k}")", R"("3" -> "c_{k}")"}) {
    EXPECT_THAT(dot, HasSubstr(edge));
  }
  EXPECT_EQ(count(dot, "->"), 8U + 4U);
}

TEST(CellDrawing, OnlyConcatenatedStatesLeadToTheOutput) {
  // NASNet's reduction cell concatenates the states 4, 5 and 6: nodes 2, 3 and 4.
  const auto dot = cell_to_dot(load_genotype("NASNet").reduce, "reduce");
  EXPECT_EQ(count(dot, "-> \"c_{k}\""), 3U);
  EXPECT_THAT(dot, HasSubstr("\"4\" -> \"c_{k}\""));
  EXPECT_EQ(count(dot, "\"0\" -> \"c_{k}\""), 0U);
}

TEST(CellDrawing, SvgShowsEveryOperationAndState) {
  for (const auto& cell : all_cells()) {
    const auto svg = cell_to_svg(cell, "cell");
    std::map<std::string, size_t> operations;
    for (const auto& gene : cell.genes) {
      ++operations[to_string(gene.operation)];
    }
    for (const auto& [name, times] : operations) {
      EXPECT_EQ(count(svg, ">" + name + "<"), times);
    }
    for (int node = 0; node < cell.nodes(); ++node) {
      EXPECT_EQ(count(svg, std::string(">").append(std::to_string(node)).append("</text>")), 1U);
    }
    // Two edges per operation, one per concatenated state.
    EXPECT_EQ(count(svg, "<path d=\"M") - 1, 2 * cell.genes.size() + cell.concat.size());
  }
}

TEST(CellDrawing, SvgHasNoOverlappingBoxesAndStaysInside) {
  for (const auto& cell : all_cells()) {
    const auto svg = cell_to_svg(cell, "cell");
    const auto all = boxes(svg);
    ASSERT_EQ(all.size(), cell.genes.size() + static_cast<size_t>(cell.nodes()) + 3);
    std::smatch size;
    ASSERT_TRUE(std::regex_search(svg, size, std::regex("viewBox=\"0 0 ([0-9.]+) ([0-9.]+)\"")));
    for (size_t i = 0; i < all.size(); ++i) {
      const auto& [x, y, width, height] = all[i];
      EXPECT_GE(std::min(x, y), 0.0);
      EXPECT_LE(x + width, std::stod(size[1]));
      EXPECT_LE(y + height, std::stod(size[2]));
      for (size_t j = 0; j < i; ++j) {
        const auto& other = all[j];
        EXPECT_TRUE(x + width <= other[0] || other[0] + other[2] <= x || y + height <= other[1] ||
                    other[1] + other[3] <= y)
            << "boxes " << i << " and " << j;
      }
    }
  }
}

TEST(CellDrawing, EdgesOfTheSvgLeadToTheRightAndPassNoBox) {
  for (const auto& cell : all_cells()) {
    const auto svg = cell_to_svg(cell, "cell");
    const auto all = boxes(svg);
    const auto edges = edge_points(svg);
    EXPECT_EQ(edges.size(), 2 * cell.genes.size() + cell.concat.size());
    for (const auto& edge : edges) {
      for (size_t i = 1; i < edge.size(); ++i) {
        EXPECT_GE(edge[i].first, edge[i - 1].first);
        for (const auto& [x, y, width, height] : all) {
          const bool inside = edge[i].first > x && edge[i].first < x + width &&
                              edge[i].second > y && edge[i].second < y + height;
          EXPECT_FALSE(inside) << edge[i].first << ", " << edge[i].second;
        }
      }
    }
  }
}

TEST(CellDrawing, MarkupInTitlesIsEscaped) {
  const auto cell = load_genotype("DARTS_V2").normal;
  const std::string title = "<script>\"a\\\"&amp;\n";
  EXPECT_THAT(cell_to_svg(cell, title), HasSubstr("&lt;script&gt;&quot;a\\&quot;&amp;amp;\n<"));
  EXPECT_THAT(cell_to_dot(cell, title), HasSubstr(R"(label="<script>\"a\\\"&amp;amp; ")"));
  EXPECT_EQ(count(cell_to_svg(cell, title), "<script"), 0U);
}

TEST(CellDrawing, GraphvizDrawsAPdfWhereItIsInstalled) {
  const auto pdf = graphviz_pdf(cell_to_dot(load_genotype("PDARTS").reduce, "a \"b\" & c"));
  if (!pdf) {
    GTEST_SKIP() << "graphviz is not installed";
  }
  EXPECT_TRUE(pdf->starts_with("%PDF"));
  EXPECT_FALSE(graphviz_pdf("no graph"));
}

TEST(CellDrawing, EqualCellsGiveEqualPdfs) {
  const auto pdf = cell_to_pdf(load_genotype("DARTS_V2").normal, "normal cell");
  if (!pdf) {
    GTEST_SKIP() << "graphviz is not installed";
  }
  EXPECT_TRUE(pdf->starts_with("%PDF"));
  EXPECT_THAT(*pdf, HasSubstr("/CreationDate (D:19700101"));
  ::setenv("TZ", "Asia/Tokyo", 1);
  EXPECT_EQ(*cell_to_pdf(load_genotype("DARTS_V2").normal, "normal cell"), *pdf);
  ::unsetenv("TZ");
}

TEST(CellDrawing, WithoutGraphvizThereIsNoPdf) {
  const std::string saved = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto pdf = cell_to_pdf(load_genotype("DARTS_V2").reduce, "reduce");
  ::setenv("PATH", saved.c_str(), 1);
  EXPECT_FALSE(pdf);
}

TEST(CellDrawing, InvalidCellsAreRefused) {
  auto cell = load_genotype("DARTS_V2").normal;
  cell.genes[0].source = 5;
  EXPECT_THROW(cell_to_dot(cell, ""), FileError);
  EXPECT_THROW(cell_to_svg(cell, ""), FileError);
}

TEST(CellDrawing, JsonHoldsTheGenotype) {
  const auto json = nlohmann::json::parse(genotype_to_json(load_genotype("NASNet")));
  EXPECT_EQ(json["normal"][0], nlohmann::json::array({"sep_conv_5x5", 1}));
  EXPECT_EQ(json["normal"].size(), 10U);
  EXPECT_EQ(json["normal_concat"], nlohmann::json({2, 3, 4, 5, 6}));
  EXPECT_EQ(json["reduce"][9], nlohmann::json::array({"max_pool_3x3", 1}));
  EXPECT_EQ(json["reduce_concat"], nlohmann::json({4, 5, 6}));
}

}  // namespace
}  // namespace sanas
