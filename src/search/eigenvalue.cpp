// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/eigenvalue.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "sanas/core/random.h"

namespace sanas {
namespace {

/// The parts of a vector, in the shapes and types of `like`.
TensorList unflatten(const torch::Tensor& vector, const TensorList& like) {
  TensorList parts;
  int64_t offset = 0;
  for (const auto& tensor : like) {
    parts.push_back(
        vector.narrow(0, offset, tensor.numel()).view(tensor.sizes()).to(tensor.options()));
    offset += tensor.numel();
  }
  return parts;
}

}  // namespace

double largest_eigenvalue(const Objective& f, const TensorList& x, int64_t iterations,
                          uint64_t seed, PhaseObserver& observer) {
  const auto exact = make_second_derivative(SecondOrderApproximation::kExact, 0.0);
  const auto hessian = exact->at(f, x);  // one graph for all products
  const auto times = [&](const torch::Tensor& v) {
    return flatten(hessian->product(unflatten(v, x), x)).to(torch::kCPU, torch::kDouble);
  };
  const int64_t size = flatten(detach(x)).numel();
  torch::Tensor v;
  {
    const FrozenRandomness frozen(seed);
    v = torch::randn({size}, torch::kDouble);
  }
  v /= v.norm();
  std::vector<torch::Tensor> basis;
  std::vector<double> diagonal;
  std::vector<double> off_diagonal;
  const int64_t most = std::min(iterations, size);
  Phase phase(observer, "eigenvalue", most);
  for (int64_t k = 0; k < most; ++k) {
    basis.push_back(v);
    torch::Tensor w = times(v);
    diagonal.push_back(w.dot(v).item<double>());
    for (int repeat = 0; repeat < 2; ++repeat) {  // twice is enough (Parlett)
      for (const auto& b : basis) {
        w = w - b * w.dot(b);
      }
    }
    const double length = w.norm().item<double>();
    if (length <= 1e-12 * std::max(1.0, std::abs(diagonal.front()))) {
      phase.advance(most - k);  // the basis spans an invariant subspace: no more is to be found
      break;
    }
    off_diagonal.push_back(length);
    v = w / length;
    phase.advance();
  }
  const auto count = static_cast<int64_t>(diagonal.size());
  const auto tridiagonal = torch::zeros({count, count}, torch::kDouble);
  for (int64_t k = 0; k < count; ++k) {
    tridiagonal[k][k] = diagonal[static_cast<size_t>(k)];
    if (k + 1 < count) {
      tridiagonal[k + 1][k] = tridiagonal[k][k + 1] = off_diagonal[static_cast<size_t>(k)];
    }
  }
  if (!all_finite({tridiagonal})) {
    return std::numeric_limits<double>::quiet_NaN();  // LAPACK would refuse it
  }
  return torch::linalg_eigvalsh(tridiagonal).max().item<double>();
}

}  // namespace sanas
