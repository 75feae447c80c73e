// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/eigenvalue.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/stop_after.h"

namespace sanas {
namespace {

/// A symmetric matrix with the given eigenvalues.
torch::Tensor with_spectrum(const torch::Tensor& eigenvalues) {
  torch::manual_seed(3);
  const auto size = eigenvalues.size(0);
  const auto [q, r] = torch::linalg_qr(torch::randn({size, size}, torch::kDouble));
  return q.mm(torch::diag(eigenvalues)).mm(q.t());
}

/// The quadratic form ½ xᵀHx of two tensors of different shapes, with a linear part.
struct Quadratic {
  torch::Tensor hessian;
  TensorList x{torch::randn({3, 4}, torch::kDouble).requires_grad_(),
               torch::randn({8}, torch::kDouble).requires_grad_()};

  torch::Tensor operator()() const {
    const auto v = torch::cat({x[0].flatten(), x[1].flatten()});
    return 0.5 * v.dot(hessian.mv(v)) + v.sum();
  }
};

TEST(LargestEigenvalue, OfAQuadraticFormIsThatOfItsMatrix) {
  const Quadratic f{with_spectrum(torch::linspace(-7.0, 4.0, 20, torch::kDouble))};
  EXPECT_NEAR(largest_eigenvalue(f, f.x, 20, 1), 4.0, 1e-10) << "not the one of largest magnitude";
}

TEST(LargestEigenvalue, EvaluatesItsFunctionOnce) {
  const Quadratic f{with_spectrum(torch::linspace(-7.0, 4.0, 20, torch::kDouble))};
  int64_t evaluations = 0;
  const Objective counted = [&] {
    ++evaluations;
    return f();
  };
  largest_eigenvalue(counted, f.x, 20, 1);
  EXPECT_EQ(evaluations, 1);
}

TEST(LargestEigenvalue, ConvergesInFewIterationsWhereItStandsOut) {
  auto spectrum = torch::linspace(0.0, 1.0, 20, torch::kDouble);
  spectrum[19] = 10.0;
  const Quadratic f{with_spectrum(spectrum)};
  EXPECT_NEAR(largest_eigenvalue(f, f.x, 8, 1), 10.0, 1e-8);
}

TEST(LargestEigenvalue, StopsWhereTheSpaceIsExhausted) {
  const Quadratic f{2.5 * torch::eye(20, torch::kDouble)};
  EXPECT_NEAR(largest_eigenvalue(f, f.x, 20, 1), 2.5, 1e-12);
  const Quadratic flat{torch::zeros({20, 20}, torch::kDouble)};
  EXPECT_EQ(largest_eigenvalue(flat, flat.x, 20, 1), 0.0);
}

TEST(LargestEigenvalue, EndsBeforeAnyIterationWhenAskedTo) {
  const Quadratic f{with_spectrum(torch::linspace(-7.0, 4.0, 20, torch::kDouble))};
  for (const int64_t iterations : {0, 1, 7}) {
    StopAfter<> stop("eigenvalue", iterations);
    EXPECT_THROW(largest_eigenvalue(f, f.x, 8, 1, stop), Interrupted);
    EXPECT_EQ(stop.reports.back().done, iterations);
    EXPECT_EQ(stop.reports.back().total, 8);
  }
}

TEST(LargestEigenvalue, EqualsTheDenseHessianOfANonQuadraticFunction) {
  torch::manual_seed(5);
  const auto data = torch::randn({30, 6}, torch::kDouble);
  const auto labels = torch::randint(3, {30}, torch::kInt64);
  const TensorList x{torch::randn({3, 6}, torch::kDouble).requires_grad_()};
  const Objective f = [&] { return torch::cross_entropy_loss(data.mm(x[0].t()), labels); };
  // The whole Hessian, row by row.
  const auto gradient = torch::autograd::grad({f()}, {x[0]}, {}, true, true)[0].flatten();
  std::vector<torch::Tensor> rows;
  for (int64_t i = 0; i < 18; ++i) {
    rows.push_back(torch::autograd::grad({gradient[i]}, {x[0]}, {}, true)[0].flatten());
  }
  const double expected = torch::linalg_eigvalsh(torch::stack(rows)).max().item<double>();
  EXPECT_NEAR(largest_eigenvalue(f, x, 18, 7), expected, 1e-12);
}

TEST(LargestEigenvalue, LeavesTheGeneratorAlone) {
  const Quadratic f{torch::eye(20, torch::kDouble)};
  torch::manual_seed(9);
  largest_eigenvalue(f, f.x, 3, 1);
  const auto after = torch::rand({1});
  torch::manual_seed(9);
  EXPECT_TRUE(after.equal(torch::rand({1})));
}

TEST(LargestEigenvalue, IsNotANumberWhereTheHessianIsNone) {
  const Quadratic f{
      torch::full({20, 20}, std::numeric_limits<double>::quiet_NaN(), torch::kDouble)};
  EXPECT_TRUE(std::isnan(largest_eigenvalue(f, f.x, 3, 1)));
}

}  // namespace
}  // namespace sanas
