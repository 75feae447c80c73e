// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/cell_drawing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <regex>

#include "io_test_support.h"
#include "sanas/io/graphviz.h"

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

TEST(CellDrawing, OwnSvgShowsEveryOperationAndState) {
  for (const auto& cell : all_cells()) {
    const auto svg = draw_cell_svg(cell, "cell");
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

TEST(CellDrawing, OwnSvgHasNoOverlappingBoxesAndStaysInside) {
  for (const auto& cell : all_cells()) {
    const auto svg = draw_cell_svg(cell, "cell");
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

TEST(CellDrawing, EdgesOfTheOwnSvgLeadToTheRight) {
  const std::regex edge("<path d=\"M([0-9.]+),[0-9.]+ C[^\"]* ([0-9.]+),[0-9.]+\" fill=\"none\"");
  for (const auto& cell : all_cells()) {
    const auto svg = draw_cell_svg(cell, "cell");
    size_t edges = 0;
    for (std::sregex_iterator it(svg.begin(), svg.end(), edge), end; it != end; ++it, ++edges) {
      EXPECT_LT(std::stod((*it)[1]), std::stod((*it)[2]));
    }
    EXPECT_EQ(edges, 2 * cell.genes.size() + cell.concat.size());
  }
}

TEST(CellDrawing, MarkupInTitlesIsEscaped) {
  const auto cell = load_genotype("DARTS_V2").normal;
  const std::string title = "<script>\"a\\\"&amp;\n";
  EXPECT_THAT(draw_cell_svg(cell, title), HasSubstr("&lt;script&gt;&quot;a\\&quot;&amp;amp; <"));
  EXPECT_THAT(cell_to_dot(cell, title), HasSubstr(R"(label="<script>\"a\\\"&amp;amp; ")"));
  EXPECT_EQ(count(cell_to_svg(cell, title), "<script"), 0U);
}

TEST(CellDrawing, GraphvizDrawsEveryLabelWhereItIsInstalled) {
  const auto cell = load_genotype("PDARTS").reduce;
  const auto svg = run_graphviz(cell_to_dot(cell, "a \"b\" & c"), DrawingFormat::kSvg);
  if (!svg) {
    GTEST_SKIP() << "graphviz is not installed";
  }
  EXPECT_EQ(count(*svg, "sep_conv_3x3"), 1U);
  EXPECT_EQ(count(*svg, "dil_conv_3x3"), 2U);
  EXPECT_EQ(count(*svg, "<g id=\"edge"), 12U);
  EXPECT_THAT(*svg, HasSubstr("&amp; c<"));
  EXPECT_EQ(cell_to_svg(cell, "a \"b\" & c"), *svg);
  EXPECT_TRUE(run_graphviz(cell_to_dot(cell, "x"), DrawingFormat::kPdf)->starts_with("%PDF"));
  EXPECT_EQ(run_graphviz(cell_to_dot(cell, "x"), DrawingFormat::kPng)->substr(1, 3), "PNG");
  EXPECT_FALSE(run_graphviz("no graph", DrawingFormat::kSvg));
}

TEST(CellDrawing, WithoutGraphvizTheOwnLayoutIsUsed) {
  const std::string saved = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto cell = load_genotype("DARTS_V2").reduce;
  const auto svg = cell_to_svg(cell, "reduce");
  ::setenv("PATH", saved.c_str(), 1);
  EXPECT_EQ(svg, draw_cell_svg(cell, "reduce"));
}

TEST(CellDrawing, InvalidCellsAreRefused) {
  auto cell = load_genotype("DARTS_V2").normal;
  cell.genes[0].source = 5;
  EXPECT_THROW(cell_to_dot(cell, ""), FileError);
  EXPECT_THROW(draw_cell_svg(cell, ""), FileError);
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
