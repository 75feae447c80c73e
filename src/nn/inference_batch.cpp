// SPDX-License-Identifier: Apache-2.0
#include "nn/inference_batch.h"

#include <torch/nn/modules/batchnorm.h>

#include <algorithm>

#include "sanas/nn/cost.h"
#include "sanas/nn/operations.h"

namespace sanas {
namespace {

constexpr int64_t kCpuBytes = int64_t{32} << 20;  // some caches full; with 256 MiB a third as fast
constexpr int64_t kGpuBytes = int64_t{4} << 30;
constexpr int64_t kMostImages = 1024;

}  // namespace

bool rows_are_independent(const torch::nn::Module& network) {
  const auto modules = network.modules();
  const bool takes_statistics = std::any_of(modules.begin(), modules.end(), [](const auto& part) {
    const auto* norm = dynamic_cast<const torch::nn::BatchNorm2dImpl*>(part.get());
    return norm != nullptr && !norm->options.track_running_stats();
  });
  return !takes_statistics && !draws_random_numbers(network);
}

int64_t inference_batch_size(const std::function<void(const torch::Tensor&)>& forward,
                             const torch::Tensor& image, int64_t training) {
  const int64_t bytes = image.is_cuda() ? kGpuBytes : kCpuBytes;
  const int64_t per_image = std::max<int64_t>(1, peak_bytes([&] { forward(image); }));
  return std::max(training, std::min(kMostImages, bytes / per_image));
}

}  // namespace sanas
