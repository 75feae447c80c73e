// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/network_test.h"

#include <torch/cuda.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sanas/core/parameters.h"
#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"

namespace sanas {
namespace {

constexpr int64_t kWarmUp = 5;

}  // namespace

ImageFunction predictor(EvalNetwork& network, const PixelNormalization& normalization) {
  return [&network, normalization](const torch::Tensor& pixels) {
    const ScopedMode evaluation(network, false);
    const ScopedRandomState generators;
    return network.forward(normalization(pixels)).logits;
  };
}

ImageFunction stoppable(ImageFunction predict, const PhaseObserver& observer) {
  return [predict = std::move(predict), &observer](const torch::Tensor& images) {
    check_stop(observer);
    return predict(images);
  };
}

ClassificationReport test_classifier(const ImageFunction& predict, DataLoader& images,
                                     const ClassifierTestOptions& options,
                                     PhaseObserver& observer) {
  const torch::NoGradGuard no_grad;
  ClassificationReport report(options.classes);
  images.start_epoch(0);
  Phase phase(observer, options.phase, images.batches_per_epoch());
  for (uint64_t number = 0; const auto batch = images.next(); ++number) {
    report.add_skipped(batch->skipped);
    if (batch->size() > 0) {
      const Batch moved = batch->to(options.device);
      const FrozenRandomness frozen(derive_seed(options.seed, {number}));
      report.add(predict(moved.images), moved.labels);
    }
    phase.advance();
  }
  return report;
}

Latency measure_latency(const ImageFunction& predict, const torch::Tensor& image, int64_t runs,
                        PhaseObserver& observer) {
  const torch::NoGradGuard no_grad;
  std::vector<double> seconds;
  Phase phase(observer, "latency", kWarmUp + runs);
  for (int64_t run = -kWarmUp; run < runs; ++run) {
    const Stopwatch watch;
    predict(image);
    if (image.is_cuda()) {
      torch::cuda::synchronize(image.get_device());
    }
    if (run >= 0) {
      seconds.push_back(watch.seconds());
    }
    phase.advance();
  }
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double share) {
    return seconds[static_cast<size_t>(share * static_cast<double>(seconds.size() - 1) + 0.5)];
  };
  return {.median = at(0.5), .percentile95 = at(0.95), .runs = runs};
}

}  // namespace sanas
