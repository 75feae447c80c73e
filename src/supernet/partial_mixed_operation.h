// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn.h>

#include <vector>

#include "sanas/kernels/blocked_tensor.h"
#include "sanas/supernet/mixed_operation.h"

namespace sanas {

/// out[j·groups + g] = x[g·(C/groups) + j] along the channels (darts-family §8.1): interleaves
/// `groups` blocks of channels.
/// @param x N×C×H×W, C divisible by `groups`.
torch::Tensor shuffle_channels(const torch::Tensor& x, int64_t groups);

/// The edge of PC-DARTS (darts-family §8.1): candidates for the first C/K channels; the others pass
/// by, max-pooled 2×2 where the operations halve the size; then the channels are shuffled.
class PartialMixedOperation : public MixedOperation {
 public:
  /// @param partial_channels K; must divide `channels`.
  PartialMixedOperation(const std::vector<Primitive>& candidates, int64_t channels, int64_t stride,
                        const OperationOptions& options, int64_t partial_channels);

  /// N×C×H×W to N×C×ceil(H/stride)×ceil(W/stride).
  torch::Tensor forward(const torch::Tensor& x, const std::vector<torch::Tensor>& weights) override;

 private:
  int64_t partial_channels_;
};

/// The first C/K channels of a state of one segment, which the candidates see.
kernels::BlockedTensor active_channels(const kernels::BlockedTensor& state, int64_t parts);

/// A state as it passes by the candidates: max-pooled 2×2 for a stride of 2.
kernels::BlockedTensor pass_by(const kernels::BlockedTensor& state, int64_t stride);

/// A node from the sum of what the candidates have made of the active channels, and from the sum of
/// what has passed by: the sum of the edges, as the shuffle is the same for all.
kernels::BlockedTensor join_partial(const kernels::BlockedTensor& mixed,
                                    const kernels::BlockedTensor& passed, int64_t parts);

}  // namespace sanas
