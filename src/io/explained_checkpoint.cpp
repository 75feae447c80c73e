// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/explained_checkpoint.h"

#include <algorithm>

#include "saliency_images.h"
#include "sanas/core/parameters.h"
#include "sanas/core/phase.h"
#include "sanas/core/random.h"
#include "sanas/core/signals.h"
#include "sanas/data/dataset_facts.h"
#include "sanas/io/module_state.h"
#include "sanas/io/network_checkpoint.h"
#include "sanas/io/safetensors.h"
#include "sanas/io/search_setup.h"
#include "sanas/nn/inference_batch.h"
#include "sanas/supernet/cell_supernet.h"

namespace sanas {
namespace {

using torch::Tensor;

/// From normalised pixels to logits and the last cell's output.
using Forward = std::function<std::pair<Tensor, Tensor>(const Tensor&)>;

/// A fixed number of rows at a time. How a matrix product rounds depends on how many there are.
Forward in_blocks(const Forward& forward, int64_t rows) {
  return [forward, rows](const Tensor& x) {
    if (x.size(0) <= rows) {
      return forward(x);
    }
    TensorList logits;
    TensorList features;
    for (int64_t i = 0; i < x.size(0); i += rows) {
      auto [block_logits, block_features] = forward(x.narrow(0, i, std::min(rows, x.size(0) - i)));
      logits.push_back(std::move(block_logits));
      features.push_back(std::move(block_features));
    }
    return std::pair{torch::cat(logits),
                     features.front().defined() ? torch::cat(features) : Tensor{}};
  };
}

/// Row by row, each with the same random numbers.
Forward one_by_one(const Forward& forward) {
  return in_blocks(
      [forward](const Tensor& row) {
        const FrozenRandomness frozen(0);
        return forward(row);
      },
      1);
}

/// In blocks on the CPU; a GPU wants all at once.
Forward independent_of_batch(const Forward& forward) {
  return [forward, blocks = in_blocks(forward, kRowUnit)](const Tensor& x) {
    return x.is_cuda() ? forward(x) : blocks(x);
  };
}

ExplainedNetwork explain(const torch::nn::Module& module, const Forward& forward,
                         const PixelNormalization& normalization, bool has_cells) {
  const bool independent = rows_are_independent(module);
  const Forward rows = independent ? independent_of_batch(forward) : one_by_one(forward);
  const Forward pass = [rows, normalization](const Tensor& pixels) {
    if (ScopedSignals::stop_requested()) {  // every method and metric is a number of passes
      throw Interrupted();
    }
    return rows(normalization(pixels));
  };
  ExplainedNetwork network;
  network.logits = [pass](const Tensor& pixels) { return pass(pixels).first; };
  if (has_cells) {
    network.logits_and_features = pass;
    network.most_rows = independent ? kRowUnit : 1;
  }
  return network;
}

void finish(ExplainedCheckpoint& result, const torch::Device& device, torch::ScalarType type) {
  result.module->to(device, type);
  result.module->eval();
  for (auto& parameter : result.module->parameters()) {
    parameter.requires_grad_(false);  // only pixels and features are differentiated by
  }
}

void load_training(ExplainedCheckpoint& result, const NamedTensors& tensors,
                   const std::string& source, CheckpointWeights weights) {
  auto trained = load_trained_network(tensors, source, torch::kCPU);
  if (weights == CheckpointWeights::kFresh) {
    trained.network =
        std::make_shared<EvalNetwork>(trained.network->genotype(), trained.network->options());
  }
  result.module = trained.network;
  result.network = explain(
      *result.module,
      [network = trained.network](const Tensor& x) {
        Tensor features;
        auto logits = network->forward(x, &features).logits;
        return std::pair{std::move(logits), std::move(features)};
      },
      result.info.normalization, true);
}

void load_search(ExplainedCheckpoint& result, const NamedTensors& tensors,
                 const std::string& source, const torch::Device& device, torch::ScalarType type,
                 CheckpointWeights weights, uint64_t seed) {
  const auto& info = result.info;
  Config config = info.config;
  if (weights == CheckpointWeights::kFresh) {
    config.seed = seed;  // a search network draws its weights from it
  }
  DatasetInfo data;
  data.classes = info.classes;
  data.height = info.height;
  data.width = info.width;
  const auto networks =
      make_search_networks(config, data, read_stage(config, tensors, source), torch::kCPU);
  if (weights == CheckpointWeights::kTrained) {
    load_state_dict(*networks.net1, tensors, source, "w1.");
  }
  load_architecture(*networks.architecture(), tensors, source);
  networks.architecture()->to(device, type);
  result.module = networks.net1;
  const auto cells = std::dynamic_pointer_cast<CellSupernet>(networks.net1);
  result.network = explain(
      *result.module,
      [net = networks.net1, cells](const Tensor& x) {
        Tensor features;
        auto logits = cells ? cells->forward(x, &features) : net->forward(x);
        return std::pair{std::move(logits), std::move(features)};
      },
      info.normalization, cells != nullptr);
}

}  // namespace

ExplainedCheckpoint load_explained_checkpoint(const std::filesystem::path& path,
                                              const torch::Device& device, torch::ScalarType type,
                                              CheckpointWeights weights, uint64_t seed) {
  const auto tensors = read_safetensors(path);
  ExplainedCheckpoint result;
  result.info = read_checkpoint_info(tensors, path.string());
  const auto& data = result.info.config.dataset;
  result.preparation = std::make_shared<ImagePreparation>(
      data.augment, PictureSize{result.info.height, result.info.width, frame_of(data.source)});
  const FrozenRandomness frozen(seed);
  if (result.info.kind == "evaluation") {
    load_training(result, tensors, path.string(), weights);
  } else {
    load_search(result, tensors, path.string(), device, type, weights, seed);
  }
  finish(result, device, type);
  return result;
}

}  // namespace sanas
