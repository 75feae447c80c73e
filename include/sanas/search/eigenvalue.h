// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sanas/search/second_derivative.h"

namespace sanas {

/// The largest eigenvalue of ∇²F at the current values of `x`: that of the architecture's
/// validation loss announces that a search collapses (method §10, Zela et al.). Lanczos iteration
/// with exact Hessian-vector products and full re-orthogonalisation, in double precision; exact up
/// to rounding once `iterations` reaches the number of variables. Not a number where a product is
/// not finite.
/// @param f twice differentiable, the same in every call. @param seed of the start vector.
double largest_eigenvalue(const Objective& f, const TensorList& x, int64_t iterations,
                          uint64_t seed);

}  // namespace sanas
