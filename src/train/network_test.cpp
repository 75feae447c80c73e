// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/network_test.h"

#include <torch/cuda.h>

#include <algorithm>
#include <vector>

#include "sanas/core/parameters.h"
#include "sanas/core/stopwatch.h"

namespace sanas {
namespace {

constexpr int64_t kWarmUp = 5;

}  // namespace

ImageFunction predictor(EvalNetwork& network, const PixelNormalization& normalization) {
  return [&network, normalization](const torch::Tensor& pixels) {
    const ScopedMode evaluation(network, false);
    return network.forward(normalization(pixels)).logits;
  };
}

ClassificationReport test_classifier(const ImageFunction& predict, DataLoader& images,
                                     int64_t classes, const torch::Device& device) {
  const torch::NoGradGuard no_grad;
  ClassificationReport report(classes);
  images.start_epoch(0);
  while (const auto batch = images.next()) {
    const Batch moved = batch->to(device);
    report.add(predict(moved.images), moved.labels);
  }
  return report;
}

Latency measure_latency(const ImageFunction& predict, const torch::Tensor& image, int64_t runs) {
  const torch::NoGradGuard no_grad;
  std::vector<double> seconds;
  for (int64_t run = -kWarmUp; run < runs; ++run) {
    const Stopwatch watch;
    predict(image);
    if (image.is_cuda()) {
      torch::cuda::synchronize(image.get_device());
    }
    if (run >= 0) {
      seconds.push_back(watch.seconds());
    }
  }
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double share) {
    return seconds[static_cast<size_t>(share * static_cast<double>(seconds.size() - 1) + 0.5)];
  };
  return {.median = at(0.5), .percentile95 = at(0.95), .runs = runs};
}

}  // namespace sanas
