// SPDX-License-Identifier: Apache-2.0
#include "supernet/partial_mixed_operation.h"

namespace sanas {

torch::Tensor shuffle_channels(const torch::Tensor& x, int64_t groups) {
  return x.unflatten(1, {groups, x.size(1) / groups}).transpose(1, 2).flatten(1, 2);
}

PartialMixedOperation::PartialMixedOperation(const std::vector<Primitive>& candidates,
                                             int64_t channels, int64_t stride,
                                             const OperationOptions& options,
                                             int64_t partial_channels)
    : MixedOperation(candidates, channels / partial_channels, stride, options),
      partial_channels_(partial_channels) {
  TORCH_CHECK(channels % partial_channels == 0, channels, " channels in ", partial_channels,
              " parts");
}

torch::Tensor PartialMixedOperation::forward(const torch::Tensor& x,
                                             const std::vector<torch::Tensor>& weights) {
  const int64_t active = x.size(1) / partial_channels_;
  const auto mixed = MixedOperation::forward(x.narrow(1, 0, active), weights);
  auto bypassed = x.narrow(1, active, x.size(1) - active);
  if (mixed.size(2) != x.size(2) || mixed.size(3) != x.size(3)) {
    // On even sizes the rounding makes no difference; odd ones get here only where they are padded.
    bypassed = torch::max_pool2d(bypassed, {2, 2}, {2, 2}, 0, 1, /*ceil_mode=*/true);
  }
  return shuffle_channels(torch::cat({mixed, bypassed}, 1), partial_channels_);
}

kernels::BlockedTensor active_channels(const kernels::BlockedTensor& state, int64_t parts) {
  const kernels::ChannelLayout layout{state.layout.channels / parts};
  return {state.data.narrow(1, 0, layout.blocks()), layout};
}

kernels::BlockedTensor pass_by(const kernels::BlockedTensor& state, int64_t stride) {
  if (stride == 1) {
    return state;
  }
  // A block of channels lies in memory as an image that is channels-last.
  const auto& data = state.data;
  const auto pooled =
      torch::max_pool2d(data.flatten(0, 1).permute({0, 3, 1, 2}), {2, 2}, {2, 2}, 0, 1,
                        /*ceil_mode=*/true);
  return {pooled.permute({0, 2, 3, 1}).unflatten(0, {data.size(0), data.size(1)}).contiguous(),
          state.layout};
}

kernels::BlockedTensor join_partial(const kernels::BlockedTensor& mixed,
                                    const kernels::BlockedTensor& passed, int64_t parts) {
  const int64_t channels = passed.layout.channels;
  const int64_t active = channels / parts;
  const auto rest = kernels::from_blocked(passed).narrow(1, active, channels - active);
  return kernels::to_blocked(
      shuffle_channels(torch::cat({kernels::from_blocked(mixed), rest}, 1), parts), {channels});
}

}  // namespace sanas
