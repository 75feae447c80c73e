// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/second_derivative.h"

#include <utility>

namespace sanas {
namespace {

/// Σ_i c_i ∇_Y F(X + o_i α v) / α with the given offsets o_i and coefficients c_i (supplement eq. 6
/// and its fourth-order sister).
class FiniteDifference : public SecondDerivative {
 public:
  using Stencil = std::vector<std::pair<double, double>>;

  FiniteDifference(Stencil stencil, double radius)
      : stencil_(std::move(stencil)), radius_(radius) {}

  TensorList product(const Objective& f, const TensorList& x, const TensorList& v,
                     const TensorList& y) const override {
    TensorList result = zeros_like(detach(y));
    const double length = norm(v);
    if (length == 0.0) {
      return result;
    }
    const double alpha = radius_ / length;
    for (const auto& [offset, coefficient] : stencil_) {
      const ScopedValues moved(x, add(detach(x), v, offset * alpha));
      add_in_place(result, gradients_of(f(), y), coefficient / alpha);
    }
    return result;
  }

  int64_t passes() const override { return static_cast<int64_t>(stencil_.size()); }

 private:
  Stencil stencil_;
  double radius_;
};

/// Differentiates ⟨∂F/∂X, v⟩ once more, without computing the sum: v is where the second backward
/// pass begins.
class DoubleBackward : public SecondDerivative {
 public:
  TensorList product(const Objective& f, const TensorList& x, const TensorList& v,
                     const TensorList& y) const override {
    if (norm(v) == 0.0) {
      return zeros_like(detach(y));
    }
    TensorList slopes;      // of F, where X changes them
    TensorList directions;  // the part of v that meets them
    const TensorList gradients = gradients_of(f(), x, /*create_graph=*/true);
    for (size_t i = 0; i < gradients.size(); ++i) {
      if (gradients[i].requires_grad()) {
        slopes.push_back(gradients[i]);
        directions.push_back(v[i]);
      }
    }
    return gradients_of(slopes, y, directions);
  }

  int64_t passes() const override { return 3; }
};

}  // namespace

std::unique_ptr<SecondDerivative> make_second_derivative(SecondOrderApproximation approximation,
                                                         double radius) {
  switch (approximation) {
    case SecondOrderApproximation::kFiniteDifference:
      return std::make_unique<FiniteDifference>(FiniteDifference::Stencil{{1.0, 0.5}, {-1.0, -0.5}},
                                                radius);
    case SecondOrderApproximation::kCentral4:
      return std::make_unique<FiniteDifference>(
          FiniteDifference::Stencil{
              {2.0, -1.0 / 12.0}, {1.0, 8.0 / 12.0}, {-1.0, -8.0 / 12.0}, {-2.0, 1.0 / 12.0}},
          radius);
    case SecondOrderApproximation::kExact:
      return std::make_unique<DoubleBackward>();
  }
  TORCH_CHECK(false, "no such approximation");
}

}  // namespace sanas
