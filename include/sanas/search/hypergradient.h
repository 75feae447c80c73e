// SPDX-License-Identifier: Apache-2.0
#pragma once

// The hypergradient of a four-level problem: your own, or that of the search.

#include <functional>
#include <optional>

#include "sanas/core/parameters.h"
#include "sanas/search/gradient_stage.h"
#include "sanas/search/options.h"

namespace sanas {

/// The four levels as functions of leaf tensors (method §3): any modules, any hyper-parameters.
/// Each function evaluates at the current values of the tensors below, with its own fixed batch and
/// its own fixed randomness, so that two evaluations differ only in the point.
struct FourLevelProblem {
  /// T(W1, A). Empty: W1 stands still; there is no stage I, and nothing flows through it.
  Objective train1;
  Objective attack;  ///< G(W1, A, Δ), summed over the examples
  Objective train2;  ///< S(W2, A, Δ)
  /// V(W1, A). Empty: only W2 is validated.
  Objective validation1;
  Objective validation2;  ///< V(W2, A)
  TensorList architecture;
  TensorList weights1;
  TensorList weights2;
  /// Δ: holds the attack's start.
  torch::Tensor delta;
  /// Δ' by an attack of another form, e.g. PGD, at the current W1 and A, starting at the current Δ.
  /// Its Jacobian is taken to be that of eq. 2 at the start. Empty: eq. 2 itself.
  std::function<torch::Tensor()> perturb;
  /// Forward-backward passes that `perturb` takes, for the count.
  int64_t perturb_passes = 0;
  /// Δ' by `attack_steps` steps of this form instead, from Δ: the next Δ from Δ and ∂G/∂Δ, of which
  /// it has derivatives. The Jacobian is that of all steps.
  std::function<torch::Tensor(const torch::Tensor& delta, const torch::Tensor& gradient)>
      attack_step;
  int64_t attack_steps = 0;
};

/// The problem of one network and one validation loss, as in DARTS.
struct BilevelProblem {
  Objective train;       ///< T(W, A)
  Objective validation;  ///< V(W, A)
  TensorList architecture;
  TensorList weights;
};

/// dO/dA = d2 + I2 + I3 + I4 + γ (d1 + I1) and its parts, one tensor per architecture variable.
struct Hypergradient {
  TensorList total;
  /// Without γ.
  PerTerm<TensorList> terms;
  double train1_loss = 0.0;
  /// At Δ for eq. 2; at Δ' for another attack, and then only with split terms.
  double attack_loss = 0.0;
  double train2_loss = 0.0;
  double validation1_loss = 0.0;
  double validation2_loss = 0.0;
  /// Δ', undefined in first order.
  torch::Tensor updated_delta;
  /// W1' and W2', empty in first order.
  TensorList updated_weights1;
  TensorList updated_weights2;
  /// Forward-backward passes that the total took, those of the attack included. The backward pass
  /// of a backward pass counts as two (LocalDerivatives::passes).
  int64_t passes = 0;
  /// Passes that only the split terms took.
  int64_t split_passes = 0;
};

/// The hypergradient of the four-level problem. With `HypergradientOrder::kFirst` it is d2 + γ d1
/// at the current weights. Weights, Δ and architecture come back bit for bit.
/// @param split_terms also fill I1 and I4 one by one and the loss of another attack than eq. 2:
/// with
///        shared passes, that takes extra passes and leaves the total as it is.
Hypergradient four_level_hypergradient(const FourLevelProblem& problem, const VirtualStep& step1,
                                       const VirtualStep& step2,
                                       const HypergradientOptions& options, bool split_terms);

/// DARTS (darts-family §3): d1 + I1 of one network, or d1 alone in first order.
Hypergradient bilevel_hypergradient(const BilevelProblem& problem, const VirtualStep& step,
                                    const HypergradientOptions& options);

}  // namespace sanas
