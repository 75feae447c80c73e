// SPDX-License-Identifier: Apache-2.0
#include "sanas/checkpoint/explained_checkpoint.h"

#include "checkpoint/search_checkpoint.h"
#include "checkpoint/training_checkpoint.h"
#include "sanas/checkpoint/module_state.h"
#include "sanas/core/random.h"
#include "sanas/data/dataset_facts.h"
#include "sanas/formats/safetensors.h"
#include "sanas/setup/networks.h"
#include "sanas/supernet/cell_supernet.h"

namespace sanas {
namespace {

using torch::Tensor;

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
  const auto networks =
      make_search_networks(config, info.data(), read_stage(config, tensors, source), torch::kCPU);
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
