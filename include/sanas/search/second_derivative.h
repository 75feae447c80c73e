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

/// A way to take the product of a second derivative with a vector.
class SecondDerivative {
 public:
  virtual ~SecondDerivative() = default;

  /// [∂²F/∂Y∂X] v for all of Y at once, at the current values of all tensors.
  /// @param x leaf tensors; @param v a direction in the space of x; @param y leaf tensors, which
  /// may
  ///        include those of x. @return one tensor per y; exact zeros where v is zero.
  virtual TensorList product(const Objective& f, const TensorList& x, const TensorList& v,
                             const TensorList& y) const = 0;

  /// Forward-backward passes that one product takes: 2 or 4 for differences. 3 for a double
  /// backward, which goes once forward and backward, and back through both.
  virtual int64_t passes() const = 0;
};

/// `radius` is r in the step α = r/‖v‖; exact products ignore it.
std::unique_ptr<SecondDerivative> make_second_derivative(SecondOrderApproximation approximation,
                                                         double radius);

}  // namespace sanas
