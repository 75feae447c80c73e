// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/search_setup.h"

#include "sanas/core/device.h"
#include "sanas/core/random.h"
#include "sanas/data/search_subset.h"
#include "sanas/data/subset.h"

namespace sanas {
namespace {

/// Streams of randomness of a search's beginning.
enum Stream : uint64_t { kArchitecture, kWeights1, kWeights2 };

bool sorted_by_class(const Dataset& dataset) {
  for (int64_t i = 1; i < dataset.size(); ++i) {
    if (dataset.label(i) < dataset.label(i - 1)) {
      return false;
    }
  }
  return true;
}

/// The two halves in stored order, or class by class where the stored order is one of classes.
SearchSubset split(const Config& config, const Dataset& dataset) {
  const auto& data = config.dataset;
  if (data.validation_portion > 0.0) {
    return draw_search_subset(dataset, {data.train_portion, data.validation_portion, config.seed});
  }
  if (sorted_by_class(dataset)) {
    return draw_search_subset(dataset, {data.train_portion, 1.0 - data.train_portion, config.seed});
  }
  auto [train, validation] = split_train_validation(dataset.size(), data.train_portion);
  return {std::move(train), std::move(validation)};
}

}  // namespace

LoaderOptions make_loader_options(const Config& config, int64_t batch_size, uint64_t seed,
                                  const torch::Device& device) {
  LoaderOptions options;
  options.batch_size = batch_size;
  options.workers = config.dataset.workers;
  options.seed = seed;
  options.pin_memory = device.is_cuda();
  options.on_bad_sample = config.dataset.on_bad_sample;
  return options;
}

PixelNormalization make_normalization(const Config& config, const DatasetInfo& info) {
  return config.dataset.normalize == NormalizationChoice::kNone
             ? PixelNormalization{}
             : PixelNormalization{info.mean, info.std};
}

NetworkKind network_kind_for(int64_t height) {
  constexpr int64_t kLargestSmallImage = 64;
  return height == 0 || height > kLargestSmallImage ? NetworkKind::kImageNet : NetworkKind::kCifar;
}

SupernetChoice supernet_for(const Config& config, int64_t classes, int64_t image_size) {
  SupernetChoice choice = config.supernet;
  choice.options.classes = classes;
  choice.options.kind = network_kind_for(image_size);
  return choice;
}

SearchNetworks make_search_networks(const Config& config, const DatasetInfo& info,
                                    const torch::Device& device) {
  const SupernetChoice choice = supernet_for(config, info.num_classes(), info.height);
  const auto under = [&](Stream stream, const auto& make) {
    const FrozenRandomness frozen(derive_seed(config.seed, {stream}));
    return make();
  };
  SearchNetworks networks;
  networks.normalization = make_normalization(config, info);
  const auto architecture = under(kArchitecture, [&] {
    return make_architecture(choice, config.search.architecture.init_std);
  });
  architecture->to(device, torch::kFloat32);
  const auto make_network = [&](Stream stream) {
    auto net = under(stream, [&] { return make_supernet(choice, architecture); });
    net->to(device);
    return net;
  };
  networks.net1 = make_network(kWeights1);
  if (config.method == Method::kSanas) {
    networks.net2 = make_network(kWeights2);
  }
  return networks;
}

SearchDataSource::SearchDataSource(const Config& config, const torch::Device& device)
    : config_(config), dataset_(open_dataset(config.dataset.source, Split::kTrain)) {
  const SearchSubset halves = split(config, *dataset_);
  LoaderOptions options =
      make_loader_options(config, config.search.batch_size, config.seed, device);
  train_ = std::make_unique<DataLoader>(*dataset_, halves.train, config.dataset.augment, options);
  architecture_ =
      std::make_unique<DataLoader>(*dataset_, halves.validation, config.dataset.augment, options);
  options.shuffle = false;
  validation_ = std::make_unique<DataLoader>(*dataset_, halves.validation,
                                             config.dataset.augment.for_testing(), options);
}

SearchData SearchDataSource::open(int64_t first_architecture_step) {
  architecture_batches_ = std::make_unique<EndlessBatches>(
      *architecture_, config_.search.architecture_batches, first_architecture_step);
  return {*train_, *architecture_batches_, validation_.get()};
}

}  // namespace sanas
