// SPDX-License-Identifier: Apache-2.0
// What a search measures at the end of an epoch.
#include <gtest/gtest.h>

#include <set>

#include "sanas/supernet/darts_supernet.h"
#include "search/tiny_search.h"

namespace sanas {
namespace {

std::vector<double> drawn_in_evaluation;

/// Draws a number in each forward pass, as PR-DARTS its gates and `noise` its output.
class DrawingSupernet : public DartsSupernet {
 public:
  using DartsSupernet::DartsSupernet;
  torch::Tensor forward(const torch::Tensor& x, const ArchitectureSample& sample) override {
    const double number = torch::rand({1}).item<double>();
    if (!is_training()) {
      drawn_in_evaluation.push_back(number);
    }
    return DartsSupernet::forward(x, sample);
  }
};

const bool added_family = [] {
  add_supernet_family({"drawing", "darts", /*edge_weights=*/false,
                       [](const SupernetChoice& choice, const SearchSpace& space,
                          std::shared_ptr<ArchParameters> architecture) {
                         return std::make_shared<DrawingSupernet>(space, std::move(architecture),
                                                                  choice.options);
                       }});
  return true;
}();

TEST(Validation, HasDrawsOfItsOwnInEachEpochAndBatch) {
  auto options = quick_options();
  options.method = SearchMethod::kPlain;
  options.epochs = 2;
  const auto draws = [&](uint64_t generator) {
    drawn_in_evaluation.clear();
    torch::manual_seed(generator);
    TinySearch search(options, "drawing");
    search.loop.run();
    return drawn_in_evaluation;
  };
  const auto first = draws(1);
  ASSERT_EQ(first.size(), 4U) << "two epochs of two batches";
  EXPECT_EQ(std::set<double>(first.begin(), first.end()).size(), 4U);
  EXPECT_EQ(draws(2), first) << "whatever was drawn before";
  options.stage = 1;
  EXPECT_NE(draws(1), first) << "another stage of the same search";
}

// The largest eigenvalue of the Hessian of W1's validation loss in A, against the whole Hessian.
TEST(Eigenvalue, IsThatOfTheDenseHessianOfTheValidationLoss) {
  auto options = quick_options();
  options.method = SearchMethod::kPlain;
  options.epochs = 1;
  options.validate_every = 0;
  options.eigenvalue.every = 1;
  TinySearch search(options);
  const auto alphas = search.loop.networks().architecture()->tensors();
  const int64_t count = flatten(detach(alphas)).numel();
  options.eigenvalue.iterations = count;
  TinySearch exact(options);
  Witness witness(exact.loop);
  exact.loop.add_observer(witness);
  exact.loop.run();

  Supernet& net = *exact.loop.networks().net1;
  const auto variables = exact.loop.networks().architecture()->tensors();
  const Batch batch = exact.validation().load(0, exact.validation().order(0)).to(test_device());
  net.train();
  const auto loss = cross_entropy(net.forward(batch.images), batch.labels);
  TensorList flat;
  for (const auto& gradient : gradients_of(loss, variables, /*create_graph=*/true)) {
    flat.push_back(gradient.flatten());
  }
  const auto gradient = torch::cat(flat);
  TensorList rows;
  for (int64_t i = 0; i < count; ++i) {
    rows.push_back(flatten(gradients_of(gradient[i], variables, false, /*retain_graph=*/true)));
  }
  const auto hessian = torch::stack(rows).to(torch::kCPU, torch::kDouble);
  const double expected =
      torch::linalg_eigvalsh(0.5 * (hessian + hessian.t())).max().item<double>();
  ASSERT_GT(expected, 0.0);
  EXPECT_NEAR(witness.epochs.at(0).eigenvalue.value() / expected, 1.0, 1e-3);
}

}  // namespace
}  // namespace sanas
