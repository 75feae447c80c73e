// SPDX-License-Identifier: Apache-2.0
#pragma once

// The largest eigenvalue of the second derivative of any loss.

#include <cstdint>

#include "sanas/core/phase.h"
#include "sanas/search/second_derivative.h"

namespace sanas {

/// The largest eigenvalue of ∇²F at the current values of `x`: that of the architecture's
/// validation loss announces that a search collapses (method §10, Zela et al.). Lanczos iteration
/// with exact Hessian-vector products and full re-orthogonalisation, in double precision; exact up
/// to rounding once `iterations` reaches the number of variables. Not a number where a product is
/// not finite. RobustDARTS' own code has the Hessian of the loss with the weight decay of the
/// architecture in it (darts-family §10), which adds that constant (1e-3) to every eigenvalue: its
/// numbers are larger by it, its rule of growth is as good as the same.
/// @param f twice differentiable; is evaluated once. @param seed of the start vector.
/// @param observer of the phase "eigenvalue", an iteration each part. Throws Interrupted.
double largest_eigenvalue(const Objective& f, const TensorList& x, int64_t iterations,
                          uint64_t seed, PhaseObserver& observer = nobody());

}  // namespace sanas
