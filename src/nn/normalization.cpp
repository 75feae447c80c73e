// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/normalization.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace sanas {
namespace {

using Channels = std::array<double, 3>;

/// By fills: a copy from the host would wait for all that the device still has to do. Whatever mode
/// the first pass is in, later ones may record gradients.
torch::Tensor as_channels(const Channels& values, const torch::TensorOptions& options) {
  const c10::InferenceMode recordable(false);
  const auto tensor = torch::empty({1, 3, 1, 1}, options);
  for (int64_t c = 0; c < 3; ++c) {
    tensor.select(1, c).fill_(values[static_cast<size_t>(c)]);
  }
  return tensor;
}

}  // namespace

struct NormalizationTensors::Kept {
  struct Entry {
    Channels mean;
    Channels std;
    Pair tensors;
  };
  std::mutex mutex;
  std::vector<Entry> entries;
};

NormalizationTensors::NormalizationTensors() : kept_(std::make_shared<Kept>()) {}

NormalizationTensors::Pair NormalizationTensors::of(const Channels& mean, const Channels& std,
                                                    const torch::TensorOptions& options) const {
  const std::lock_guard lock(kept_->mutex);
  const auto is_wanted = [&](const Kept::Entry& entry) {
    return entry.mean == mean && entry.std == std &&
           entry.tensors.mean.device() == options.device() &&
           entry.tensors.mean.dtype() == options.dtype();
  };
  auto entry = std::find_if(kept_->entries.begin(), kept_->entries.end(), is_wanted);
  if (entry == kept_->entries.end()) {
    const auto plain = torch::TensorOptions().device(options.device()).dtype(options.dtype());
    entry = kept_->entries.insert(entry,
                                  {mean, std, {as_channels(mean, plain), as_channels(std, plain)}});
  }
  return entry->tensors;
}

torch::Tensor PixelNormalization::operator()(const torch::Tensor& pixels) const {
  const auto is = [](const Channels& values, double wanted) {
    return std::all_of(values.begin(), values.end(), [wanted](double v) { return v == wanted; });
  };
  if (is(mean, 0.0) && is(std, 1.0)) {
    return pixels;
  }
  const auto [means, deviations] = tensors.of(mean, std, pixels.options());
  return (pixels - means) / deviations;
}

}  // namespace sanas
