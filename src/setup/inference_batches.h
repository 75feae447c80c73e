// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sanas/config/config.h"
#include "sanas/data/dataset.h"
#include "sanas/nn/eval_network.h"
#include "sanas/supernet/supernet.h"

namespace sanas {

/// Images that a search network is validated on at a time (SearchOptions::validation_batch_size):
/// inference_batch_size, or the batch size of the search where the images of a batch are not
/// independent of each other.
int64_t validation_batch_size(const Config& config, Supernet& net, const DatasetInfo& info);

/// Images that a discrete network is tested on at a time (EvaluationOptions::test_batch_size),
/// likewise; the batch size of the training also where images are attacked first, which takes
/// gradients.
int64_t test_batch_size(const Config& config, EvalNetwork& network, const DatasetInfo& info);

}  // namespace sanas
