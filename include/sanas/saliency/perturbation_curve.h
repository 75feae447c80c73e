// SPDX-License-Identifier: Apache-2.0
#pragma once

// Deletion and insertion curves: how the prediction changes when the most salient pixels go or
// come.

#include <torch/types.h>

#include <cstdint>

#include "sanas/attack/pgd.h"

namespace sanas {

/// What happens to the pixels in the order of their saliency (Petsiuk et al. 2018): they vanish
/// from the image, or they are all that is there. A pixel that is not there has the mean colour of
/// its image.
enum class Perturbation { kDeletion, kInsertion };

/// The network's probability of each image's target class after 0, 1/steps, … all of its pixels,
/// most salient first, were deleted or inserted. Pixels of equal saliency go in the order of rows.
/// @param images N×3×H×W in [0, 1]. @param maps N×H×W. @param targets int64, N.
/// @return N × (steps + 1), double, on the CPU.
torch::Tensor perturbation_curves(const Classifier& classifier, const torch::Tensor& images,
                                  const torch::Tensor& maps, const torch::Tensor& targets,
                                  Perturbation perturbation, int64_t steps);

/// The area under each curve over [0, 1] by the trapezoidal rule: N × (steps + 1) to N. A map is
/// the better the smaller the area of deletion and the larger that of insertion.
torch::Tensor curve_areas(const torch::Tensor& curves);

}  // namespace sanas
