// SPDX-License-Identifier: Apache-2.0
#pragma once

// Products of a second derivative and a vector, by finite differences or exactly.

#include <functional>
#include <memory>

#include "sanas/core/parameters.h"
#include "sanas/search/options.h"

namespace sanas {

/// A scalar function of leaf tensors: evaluates at whatever values they hold when it is called.
using Objective = std::function<torch::Tensor()>;

/// The derivatives of F at one point: all tensors have to hold the values of that point whenever it
/// is asked for one. What one answer has computed serves the next.
class LocalDerivatives {
 public:
  virtual ~LocalDerivatives() = default;

  /// ∂F/∂X, not to be changed in place.
  /// @param products_follow false: nothing is kept for `product`.
  virtual TensorList gradient(bool products_follow) = 0;

  /// [∂²F/∂Y∂X] v for all of Y at once.
  /// @param v a direction in the space of x; @param y leaf tensors, which may include those of x.
  /// @return one tensor per y; exact zeros where v is zero.
  virtual TensorList product(const TensorList& v, const TensorList& y) = 0;

  /// Gives the memory back that is kept for products. They can be asked for as before.
  virtual void forget() {}

  /// F, without history, once the gradient was asked for.
  const torch::Tensor& value() const { return value_; }

  /// Forward-backward passes so far. The backward pass of a backward pass counts as two.
  int64_t passes() const { return passes_; }

 protected:
  torch::Tensor value_;
  int64_t passes_ = 0;
};

/// A way to take the product of a second derivative with a vector.
class SecondDerivative {
 public:
  virtual ~SecondDerivative() = default;

  /// The derivatives of F where all tensors are now. It must not outlive this.
  /// @param x leaf tensors.
  virtual std::unique_ptr<LocalDerivatives> at(Objective f, TensorList x) const = 0;

  /// One such product alone.
  TensorList product(const Objective& f, const TensorList& x, const TensorList& v,
                     const TensorList& y) const {
    return at(f, x)->product(v, y);
  }

  /// Forward-backward passes that one product takes: 2 or 4 for differences; 2 for the second
  /// backward pass of an exact one, which goes back through a forward and a backward pass, and 1
  /// more for those two unless the gradient was asked for at the same point before.
  virtual int64_t passes(bool behind_gradient) const = 0;
};

/// `radius` is r in the step α = r/‖v‖; exact products ignore it.
std::unique_ptr<SecondDerivative> make_second_derivative(SecondOrderApproximation approximation,
                                                         double radius);

}  // namespace sanas
