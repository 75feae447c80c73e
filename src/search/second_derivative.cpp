// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/second_derivative.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sanas {
namespace {

/// Offsets o_i and coefficients c_i.
using Stencil = std::vector<std::pair<double, double>>;

/// Those of `tensors` that are none of `others`.
TensorList without(const TensorList& tensors, const TensorList& others) {
  std::unordered_set<const c10::TensorImpl*> left_out;
  for (const auto& other : others) {
    left_out.insert(other.unsafeGetTensorImpl());
  }
  TensorList result;
  std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(result), [&](const auto& tensor) {
    return left_out.count(tensor.unsafeGetTensorImpl()) == 0;
  });
  return result;
}

/// Σ_i c_i ∇_Y F(X + o_i α v) / α (supplement eq. 6 and its fourth-order sister). Nothing of one
/// answer serves another.
class LocalDifferences : public LocalDerivatives {
 public:
  LocalDifferences(Objective f, TensorList x, const Stencil& stencil, double radius)
      : f_(std::move(f)), x_(std::move(x)), stencil_(stencil), radius_(radius) {}

  TensorList gradient(bool /*products_follow*/) override {
    const torch::Tensor value = f_();
    value_ = value.detach();
    ++passes_;
    return gradients_of(value, x_);
  }

  TensorList product(const TensorList& v, const TensorList& y) override {
    const double length = norm(v);
    if (length == 0.0) {
      return zeros_like(y);
    }
    const double alpha = radius_ / length;
    const ScopedConstants fixed(without(x_, y));
    TensorList result;
    for (const auto& [offset, coefficient] : stencil_) {
      const ScopedValues moved(x_, add(detach(x_), v, offset * alpha));
      const TensorList gradient = gradients_of(f_(), y);
      ++passes_;
      if (result.empty()) {
        result = scale(gradient, coefficient / alpha);
      } else {
        add_in_place(result, gradient, coefficient / alpha);
      }
    }
    return result;
  }

 private:
  Objective f_;
  TensorList x_;
  const Stencil& stencil_;
  double radius_;
};

class FiniteDifference : public SecondDerivative {
 public:
  FiniteDifference(Stencil stencil, double radius)
      : stencil_(std::move(stencil)), radius_(radius) {}

  std::unique_ptr<LocalDerivatives> at(Objective f, TensorList x) const override {
    return std::make_unique<LocalDifferences>(std::move(f), std::move(x), stencil_, radius_);
  }

  int64_t passes(bool /*behind_gradient*/) const override {
    return static_cast<int64_t>(stencil_.size());
  }

 private:
  Stencil stencil_;
  double radius_;
};

/// Differentiates ⟨∂F/∂X, v⟩ once more, without computing the sum: v is where the second backward
/// pass begins. Keeps ∂F/∂X with its history, so that every product is such a pass and no more.
class LocalDoubleBackward : public LocalDerivatives {
 public:
  LocalDoubleBackward(Objective f, TensorList x) : f_(std::move(f)), x_(std::move(x)) {}

  TensorList gradient(bool products_follow) override {
    if (products_follow) {
      return laid_out_like(x_, recorded_gradient());
    }
    const torch::Tensor value = evaluate();
    return gradients_of(value, x_);
  }

  TensorList product(const TensorList& v, const TensorList& y) override {
    if (norm(v) == 0.0) {
      return zeros_like(y);
    }
    TensorList slopes;      // of F, where X changes them
    TensorList directions;  // the part of v that meets them
    const TensorList& gradient = recorded_gradient();
    for (size_t i = 0; i < gradient.size(); ++i) {
      if (gradient[i].requires_grad()) {
        slopes.push_back(gradient[i]);
        directions.push_back(v[i]);
      }
    }
    passes_ += kSecondBackward;
    return gradients_of(slopes, y, directions, /*retain_graph=*/true);
  }

  void forget() override { recorded_.clear(); }

  /// It goes back through a forward and a backward pass.
  static constexpr int64_t kSecondBackward = 2;

 private:
  torch::Tensor evaluate() {
    torch::Tensor value = f_();
    value_ = value.detach();
    ++passes_;
    return value;
  }

  const TensorList& recorded_gradient() {
    if (recorded_.empty()) {
      recorded_ = gradients_of(evaluate(), x_, /*create_graph=*/true);
    }
    return recorded_;
  }

  Objective f_;
  TensorList x_;
  TensorList recorded_;
};

class DoubleBackward : public SecondDerivative {
 public:
  std::unique_ptr<LocalDerivatives> at(Objective f, TensorList x) const override {
    return std::make_unique<LocalDoubleBackward>(std::move(f), std::move(x));
  }

  int64_t passes(bool behind_gradient) const override {
    return LocalDoubleBackward::kSecondBackward + (behind_gradient ? 0 : 1);
  }
};

}  // namespace

std::unique_ptr<SecondDerivative> make_second_derivative(SecondOrderApproximation approximation,
                                                         double radius) {
  switch (approximation) {
    case SecondOrderApproximation::kFiniteDifference:
      return std::make_unique<FiniteDifference>(Stencil{{1.0, 0.5}, {-1.0, -0.5}}, radius);
    case SecondOrderApproximation::kCentral4:
      return std::make_unique<FiniteDifference>(
          Stencil{{2.0, -1.0 / 12.0}, {1.0, 8.0 / 12.0}, {-1.0, -8.0 / 12.0}, {-2.0, 1.0 / 12.0}},
          radius);
    case SecondOrderApproximation::kExact:
      return std::make_unique<DoubleBackward>();
  }
  TORCH_CHECK(false, "no such approximation");
}

}  // namespace sanas
