// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/discrete_cell.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include <set>

#include "sanas/core/random.h"
#include "support/device.h"
#include "support/fill.h"

namespace sanas {
namespace {

using torch::Tensor;
using enum Primitive;

CellPlace place(bool reduction, bool previous_reduction = false) {
  CellPlace result;
  result.before_previous_channels = 6;
  result.previous_channels = 8;
  result.channels = 4;
  result.reduction = reduction;
  result.previous_reduction = previous_reduction;
  return result;
}

std::shared_ptr<DiscreteCell> make_cell(const CellGenotype& genotype, const CellPlace& where) {
  auto cell = std::make_shared<DiscreteCell>(genotype, where, OperationOptions{});
  cell->to(torch::kDouble);
  fill_parameters(*cell);
  cell->to(test_device());
  return cell;
}

Tensor s0(int64_t size) { return input_pattern({3, 6, size, size}).to(test_device()); }
Tensor s1(int64_t size) { return input_pattern({3, 8, size, size}, 1.0).to(test_device()); }

TEST(DiscreteCell, AddsPairsAndConcatenatesInListOrder) {
  // Skips only: node 0 = a + b, node 1 = b + node 0, output = (node 1, a).
  const CellGenotype genotype{
      {{kSkipConnect, 0}, {kSkipConnect, 1}, {kSkipConnect, 1}, {kSkipConnect, 2}}, {3, 0}};
  const auto cell = make_cell(genotype, place(false));
  EXPECT_EQ(cell->output_channels(), 8);
  const auto children = cell->named_children();
  const auto preprocessed = [&](const char* name, const Tensor& x) {
    return std::dynamic_pointer_cast<Operation>(children[name])->forward(x);
  };
  const auto a = preprocessed("preprocess0", s0(8));
  const auto b = preprocessed("preprocess1", s1(8));
  EXPECT_TRUE(torch::allclose(cell->forward(s0(8), s1(8), 0.0), torch::cat({a + 2.0 * b, a}, 1),
                              1e-13, 1e-14));
}

TEST(DiscreteCell, ReductionCellsHalveTheInputsButNotTheNodes) {
  const CellGenotype genotype{
      {{kMaxPool3x3, 0}, {kSepConv3x3, 1}, {kSkipConnect, 2}, {kSkipConnect, 0}}, {2, 3}};
  const auto y = make_cell(genotype, place(true))->forward(s0(8), s1(8), 0.0);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{3, 8, 4, 4}));
}

TEST(DiscreteCell, HalvesItsFirstInputAfterAReduction) {
  const CellGenotype genotype{{{kSkipConnect, 0}, {kSkipConnect, 1}}, {2}};
  const auto y =
      make_cell(genotype, place(false, /*previous_reduction=*/true))->forward(s0(8), s1(4), 0.0);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{3, 4, 4, 4}));
}

TEST(DiscreteCell, DropPathSparesTheIdentity) {
  const CellGenotype skips{{{kSkipConnect, 0}, {kSkipConnect, 1}}, {2}};
  const auto cell = make_cell(skips, place(false));
  const FrozenRandomness frozen(1);
  EXPECT_TRUE(torch::equal(cell->forward(s0(8), s1(8), 0.9), cell->forward(s0(8), s1(8), 0.0)));
}

TEST(DiscreteCell, DropPathDropsEveryOtherOperationSeparately) {
  // darts-family §5.4: a stride-2 skip and pooling are dropped, each with its own mask.
  const CellGenotype genotype{{{kSkipConnect, 0}, {kMaxPool3x3, 1}}, {2}};
  const auto cell = make_cell(genotype, place(true));
  const auto part = [&](double keep_first, double keep_second, const Tensor& first,
                        const Tensor& second) { return keep_first * first + keep_second * second; };
  const auto children = cell->named_children();
  const auto operation = [](const std::shared_ptr<torch::nn::Module>& module) {
    return std::dynamic_pointer_cast<Operation>(module);
  };
  const auto ops = children["_ops"]->named_children();
  const auto first =
      operation(ops["0"])->forward(operation(children["preprocess0"])->forward(s0(8)));
  const auto second =
      operation(ops["1"])->forward(operation(children["preprocess1"])->forward(s1(8)));
  std::set<int> seen;
  const FrozenRandomness frozen(1);
  for (int trial = 0; trial < 20; ++trial) {
    const auto y = cell->forward(s0(8), s1(8), 0.5);
    for (int64_t i = 0; i < 3; ++i) {
      for (int outcome = 0; outcome < 4; ++outcome) {
        const auto expected =
            part(outcome % 2 == 0 ? 0.0 : 2.0, outcome / 2 == 0 ? 0.0 : 2.0, first[i], second[i]);
        if (torch::allclose(y[i], expected, 1e-12, 1e-14)) {
          seen.insert(outcome);
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), 4U) << "all four combinations of kept and dropped paths occur";
  cell->eval();
  EXPECT_TRUE(torch::equal(cell->forward(s0(8), s1(8), 0.5), cell->forward(s0(8), s1(8), 0.0)));
}

}  // namespace
}  // namespace sanas
