// SPDX-License-Identifier: Apache-2.0
#include "sanas/checkpoint/explained_checkpoint.h"

#include <optional>

#include "checkpoint/checkpoint_store.h"
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

void load_training(ExplainedCheckpoint& result, const LoadedCheckpoint& checkpoint, bool is_fresh) {
  auto trained = load_trained_network(checkpoint.tensors, checkpoint.source, torch::kCPU);
  if (is_fresh) {
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

/// @param fresh_seed what the weights are drawn from; nothing: they are those of the file.
void load_search(ExplainedCheckpoint& result, const LoadedCheckpoint& checkpoint,
                 std::optional<uint64_t> fresh_seed, const torch::Device& device,
                 torch::ScalarType type) {
  const auto& [tensors, source] = checkpoint;
  const auto& info = result.info;
  Config config = info.config;
  config.seed = fresh_seed.value_or(config.seed);  // a search network draws its weights from it
  const auto networks =
      make_search_networks(config, info.data(), read_stage(config, tensors, source), torch::kCPU);
  if (!fresh_seed) {
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
  const LoadedCheckpoint checkpoint{read_safetensors(path), path.string()};
  const bool is_fresh = weights == CheckpointWeights::kFresh;
  ExplainedCheckpoint result;
  result.info = read_checkpoint_info(checkpoint.tensors, checkpoint.source);
  const auto& data = result.info.config.dataset;
  result.preparation = std::make_shared<ImagePreparation>(
      data.augment, PictureSize{result.info.height, result.info.width, frame_of(data.source)});
  const FrozenRandomness frozen(seed);
  if (result.info.kind == "evaluation") {
    load_training(result, checkpoint, is_fresh);
  } else {
    load_search(result, checkpoint, is_fresh ? std::optional(seed) : std::nullopt, device, type);
  }
  finish(result, device, type);
  return result;
}

}  // namespace sanas
