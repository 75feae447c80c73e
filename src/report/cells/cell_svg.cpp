// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>
#include <vector>

#include "report/cells/cell_states.h"
#include "report/html.h"
#include "sanas/report/cell_drawing.h"

namespace sanas {
namespace {

// Pixels.
constexpr double kMargin = 20;
constexpr double kTitleHeight = 40;
constexpr double kStateHeight = 36;
constexpr double kOperationHeight = 26;
constexpr double kLaneGap = 8;  // between the two operations of a node
constexpr double kRowGap = 22;  // between nodes
constexpr double kColumnGap = 56;
constexpr double kOperationToNode = 26;
constexpr double kCharacter = 8.0;  // no common sans-serif font is wider at 13 pixels

struct Box {
  double x, y, width, height;
  double right() const { return x + width; }
  double middle() const { return y + height / 2; }
};

double text_width(const std::string& text) {
  return kCharacter * static_cast<double>(text.size()) + 16;
}

/// Columns by the longest way from an input; every node has a row of its own.
class Layout {
 public:
  explicit Layout(const CellGenotype& cell) {
    const int output = output_state(cell);
    const auto columns = columns_of(cell);
    const double row = 2 * kOperationHeight + kLaneGap + kRowGap;
    const double body = row * cell.nodes() - kRowGap;
    const double input_width = text_width(state_name(cell, 0));
    double x = kMargin;
    states.resize(static_cast<size_t>(output) + 1);
    for (size_t state = 0; state < 2; ++state) {
      const double middle = kTitleHeight + body * (state == 0 ? 0.3 : 0.7);
      states[state] = {x, middle - kStateHeight / 2, input_width, kStateHeight};
    }
    x += input_width + kColumnGap;
    for (int column = 1; column < columns.back(); ++column) {
      x = place_column(cell, columns, column, row, x) + kColumnGap;
    }
    states.back() = {x, kTitleHeight + body / 2 - kStateHeight / 2,
                     text_width(state_name(cell, output)), kStateHeight};
    width = states.back().right() + kMargin;
    height = kTitleHeight + std::max(body, 2.5 * kStateHeight) + kMargin;
  }

  std::vector<Box> states;
  std::vector<Box> operations;  ///< by gene
  double width;
  double height;

 private:
  static std::vector<int> columns_of(const CellGenotype& cell) {
    std::vector<int> columns(2, 0);
    for (size_t i = 0; i < cell.genes.size(); i += 2) {
      columns.push_back(1 + std::max(columns[static_cast<size_t>(cell.genes[i].source)],
                                     columns[static_cast<size_t>(cell.genes[i + 1].source)]));
    }
    columns.push_back(1 + *std::max_element(columns.begin(), columns.end()));
    return columns;
  }

  /// Places the nodes of a column and their operations from `x` on; gives the right end.
  double place_column(const CellGenotype& cell, const std::vector<int>& columns, int column,
                      double row, double x) {
    double operation_width = 0;
    for (size_t i = 0; i < cell.genes.size(); ++i) {
      if (columns[static_cast<size_t>(target_state(i))] == column) {
        operation_width = std::max(operation_width, text_width(to_string(cell.genes[i].operation)));
      }
    }
    const double node_x = x + operation_width + kOperationToNode;
    operations.resize(cell.genes.size());
    for (size_t i = 0; i < cell.genes.size(); ++i) {
      const auto state = static_cast<size_t>(target_state(i));
      if (columns[state] == column) {
        const double top = kTitleHeight + row * static_cast<double>(state - 2);
        const double lane = i % 2 == 0 ? 0 : kOperationHeight + kLaneGap;
        operations[i] = {x, top + lane, operation_width, kOperationHeight};
        states[state] = {node_x, top + kOperationHeight + kLaneGap / 2 - kStateHeight / 2,
                         kStateHeight, kStateHeight};
      }
    }
    return node_x + kStateHeight;
  }
};

void draw_box(std::ostream& svg, const Box& box, const std::string& fill, const std::string& label,
              int font_size) {
  svg << "<rect x=\"" << box.x << "\" y=\"" << box.y << "\" width=\"" << box.width << "\" height=\""
      << box.height << "\" rx=\"7\" fill=\"" << fill << "\" stroke=\"#444444\"/>\n<text x=\""
      << box.x + box.width / 2 << "\" y=\"" << box.middle() + font_size * 0.36 << "\" font-size=\""
      << font_size << "\" text-anchor=\"middle\">" << escape_html(label) << "</text>\n";
}

/// Where an edge that passes whole columns changes its row.
enum class Turn { kBehindSource, kBeforeTarget };

/// An edge turns in the gap between two columns and goes straight otherwise. The rows to the right
/// of a node and to the left of its operations are free, so that no edge meets a box on its way.
void draw_edge(std::ostream& svg, const Box& from, const Box& to, Turn turn, bool dashed) {
  const double gap = std::min(kColumnGap, to.x - from.right());
  const double begin = turn == Turn::kBehindSource ? from.right() : to.x - gap;
  const double center = begin + gap / 2;
  svg << "<path d=\"M" << from.right() << "," << from.middle();
  if (begin > from.right()) {
    svg << " L" << begin << "," << from.middle();
  }
  svg << " C" << center << "," << from.middle() << " " << center << "," << to.middle() << " "
      << begin + gap << "," << to.middle();
  if (to.x > begin + gap) {
    svg << " L" << to.x << "," << to.middle();
  }
  svg << "\" fill=\"none\" stroke=\"#666666\" stroke-width=\"1.4\""
      << (dashed ? " stroke-dasharray=\"5 4\"" : "") << " marker-end=\"url(#arrow)\"/>\n";
}

}  // namespace

std::string cell_to_svg(const CellGenotype& cell, const std::string& title) {
  validate(Genotype{cell, cell});
  const Layout layout(cell);
  const double width = std::max(layout.width, text_width(title) * 1.3);
  std::ostringstream svg;
  svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" << width
      << "\" height=\"" << layout.height << "\" viewBox=\"0 0 " << width << " " << layout.height
      << "\" font-family=\"Helvetica, Arial, sans-serif\">\n<title>" << escape_html(title)
      << "</title>\n<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
         "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" "
         "fill=\"#666666\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" "
         "fill=\"#ffffff\"/>\n<text x=\""
      << width / 2 << "\" y=\"24\" font-size=\"17\" text-anchor=\"middle\">" << escape_html(title)
      << "</text>\n";
  for (const int state : cell.concat) {
    draw_edge(svg, layout.states[static_cast<size_t>(state)], layout.states.back(),
              Turn::kBeforeTarget, true);
  }
  for (size_t i = 0; i < cell.genes.size(); ++i) {
    draw_edge(svg, layout.states[static_cast<size_t>(cell.genes[i].source)], layout.operations[i],
              Turn::kBehindSource, false);
    draw_edge(svg, layout.operations[i], layout.states[static_cast<size_t>(target_state(i))],
              Turn::kBehindSource, false);
  }
  for (size_t i = 0; i < cell.genes.size(); ++i) {
    draw_box(svg, layout.operations[i], "#ffffff", to_string(cell.genes[i].operation), 13);
  }
  for (size_t state = 0; state < layout.states.size(); ++state) {
    draw_box(svg, layout.states[state], state_color(cell, static_cast<int>(state)),
             state_name(cell, static_cast<int>(state)), 16);
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace sanas
