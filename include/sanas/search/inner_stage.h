// SPDX-License-Identifier: Apache-2.0
#pragma once

// An inner level of the search: solved by some steps, through which a vector can be carried back.

#include "sanas/core/parameters.h"

namespace sanas {

/// Variables X, and steps from where they are to X'. `run` makes the steps without touching X;
/// `pull_back` carries a vector backwards through them, the adjoint of the same recursion, without
/// ever building a graph through the steps.
class InnerStage {
 public:
  virtual ~InnerStage() = default;

  /// @param pulled_back whether `pull_back` follows. With exact products, each step then keeps the
  /// graph of its gradient, which `pull_back` would otherwise have to make anew, until `forget`.
  /// @return X after the steps.
  virtual TensorList run(bool pulled_back = true) = 0;

  /// For L(X', …): given ∂L/∂X' at the result of the steps, returns the part of dL/dY that flows
  /// through the steps. Y must hold the values it held in `run`.
  /// @param adjoint empty: zero.
  virtual TensorList pull_back(const TensorList& adjoint, const TensorList& y) = 0;

  /// Gives the memory back that `run` has kept for `pull_back`.
  virtual void forget() = 0;

  /// The objective before the first step, without history; undefined before `run` and without
  /// steps.
  virtual torch::Tensor value() const = 0;

  /// Forward-backward passes so far (LocalDerivatives::passes).
  virtual int64_t passes() const = 0;
};

}  // namespace sanas
