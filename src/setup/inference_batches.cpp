// SPDX-License-Identifier: Apache-2.0
#include "setup/inference_batches.h"

#include "nn/inference_batch.h"
#include "sanas/core/parameters.h"
#include "sanas/setup/networks.h"

namespace sanas {
namespace {

int64_t automatic_size(torch::nn::Module& network,
                       const std::function<void(const torch::Tensor&)>& forward, int64_t image_size,
                       int64_t training) {
  if (!rows_are_independent(network)) {
    return training;
  }
  const ScopedMode evaluation(network, false);
  const auto image = torch::zeros({1, 3, image_size, image_size},
                                  network.parameters().front().options().requires_grad(false));
  return inference_batch_size(forward, image, training);
}

}  // namespace

int64_t validation_batch_size(const Config& config, Supernet& net, const DatasetInfo& info) {
  const SearchOptions& options = config.search;
  if (options.validation_batch_size) {
    return *options.validation_batch_size;
  }
  return automatic_size(
      net, [&](const torch::Tensor& x) { net.forward(x); },
      batch_image_size(config.dataset.augment, info.height), options.batch_size);
}

int64_t test_batch_size(const Config& config, EvalNetwork& network, const DatasetInfo& info) {
  const EvaluationOptions& options = config.evaluation;
  if (options.test_batch_size) {
    return *options.test_batch_size;
  }
  if (options.inference != Inference::kPlain) {
    return options.batch_size;
  }
  return automatic_size(
      network, [&](const torch::Tensor& x) { network.forward(x); },
      batch_image_size(config.dataset.augment, info.height), options.batch_size);
}

}  // namespace sanas
