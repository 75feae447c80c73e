// SPDX-License-Identifier: Apache-2.0
#pragma once

// Parameters and multiply-adds of the discrete network of a genotype.

#include <cstdint>

#include "sanas/genotype/genotype.h"
#include "sanas/nn/cost.h"
#include "sanas/nn/eval_network.h"

namespace sanas {

struct NetworkSize {
  /// Without and with the auxiliary head.
  int64_t parameters = 0;
  int64_t parameters_with_auxiliary = 0;
  /// Multiply-adds for one image, without the auxiliary head.
  int64_t macs = 0;
};

/// Sizes of the discrete network of a genotype (darts-family §11).
/// @param image_size height and width of the images; the auxiliary head is counted whether or not
///        `options` has it.
NetworkSize measure_network(const Genotype& genotype, EvalNetworkOptions options,
                            int64_t image_size, CountingRule rule = CountingRule::kPlain);

}  // namespace sanas
