// SPDX-License-Identifier: Apache-2.0
#include "sanas/setup/networks.h"

#include "sanas/core/random.h"
#include "setup/random_streams.h"

namespace sanas {

PixelNormalization make_normalization(const Config& config, const DatasetInfo& info) {
  return config.dataset.normalize == NormalizationChoice::kNone
             ? PixelNormalization{}
             : PixelNormalization{info.mean, info.std};
}

int64_t batch_image_size(const AugmentOptions& augment, int64_t size) {
  constexpr int64_t kCommonSize = 224;
  for (const int64_t cropped : {augment.random_resized_crop, augment.center_crop, augment.resize}) {
    if (cropped > 0) {
      return cropped;
    }
  }
  return size > 0 ? size : kCommonSize;
}

NetworkKind network_kind_for(int64_t image_size) {
  constexpr int64_t kLargestSmallImage = 64;
  return image_size > kLargestSmallImage ? NetworkKind::kImageNet : NetworkKind::kCifar;
}

SupernetChoice supernet_for(const Config& config, int64_t classes, int64_t image_size) {
  SupernetChoice choice = config.supernet;
  choice.options.classes = classes;
  choice.options.kernels = config.kernels;
  choice.options.kind = network_kind_for(image_size);
  return choice;
}

SearchNetworks make_search_networks(const Config& config, const DatasetInfo& info,
                                    const SearchStage& stage, const torch::Device& device) {
  SupernetChoice choice = supernet_for(config, info.num_classes(),
                                       batch_image_size(config.dataset.augment, info.height));
  choice.pdarts.stage = stage.index;
  check_image_size(choice.options.kind, batch_image_size(config.dataset.augment, info.height),
                   choice.options.cells, choice.options.odd_size);
  const auto under = [&](SearchStream stream, const auto& make) {
    const FrozenRandomness frozen(stage_seed(config, stage.index, stream));
    return make();
  };
  SearchNetworks networks;
  networks.normalization = make_normalization(config, info);
  const auto architecture = under(kArchitecture, [&] {
    return make_architecture(choice, stage.space, config.search.architecture.init_std);
  });
  architecture->to(device, torch::kFloat32);
  const auto make_network = [&](SearchStream stream) {
    auto net = under(stream, [&] { return make_supernet(choice, stage.space, architecture); });
    net->to(device);
    return net;
  };
  networks.net1 = make_network(kWeights1);
  if (config.method == Method::kSanas) {
    networks.net2 = make_network(kWeights2);
  }
  return networks;
}

EvalNetworkOptions network_options_for(const Config& config, const DatasetInfo& info) {
  EvalNetworkOptions options;
  options.kind = network_kind_for(batch_image_size(config.dataset.augment, info.height));
  options.channels = config.evaluation.channels;
  options.cells = config.evaluation.cells;
  options.classes = info.num_classes();
  options.auxiliary = config.evaluation.auxiliary_weight > 0.0;
  options.auxiliary_variant = config.evaluation.auxiliary_variant;
  options.odd_size = config.supernet.options.odd_size;
  options.kernels = config.kernels;
  return options;
}

NetworkSize network_size_for(const Config& config, const Genotype& genotype,
                             const DatasetInfo& info) {
  return measure_network(genotype, network_options_for(config, info),
                         batch_image_size(config.dataset.augment, info.height));
}

std::shared_ptr<EvalNetwork> make_eval_network(const Config& config, const Genotype& genotype,
                                               const DatasetInfo& info, const torch::Device& device,
                                               std::optional<uint64_t> seed) {
  const FrozenRandomness frozen(derive_seed(seed.value_or(config.seed), {0}));
  const auto options = network_options_for(config, info);
  check_image_size(options.kind, batch_image_size(config.dataset.augment, info.height),
                   options.cells, options.odd_size);
  auto network = std::make_shared<EvalNetwork>(genotype, options);
  network->to(device);
  return network;
}

}  // namespace sanas
