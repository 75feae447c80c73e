// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/search_setup.h"

#include "image_report.h"
#include "sanas/core/device.h"
#include "sanas/core/random.h"
#include "sanas/data/dataset_reading.h"
#include "sanas/search/perturbation_store.h"

namespace sanas {
namespace {

/// Streams of randomness of a search's beginning.
enum Stream : uint64_t { kArchitecture, kWeights1, kWeights2, kBatches };

uint64_t stage_seed(const Config& config, int64_t stage, Stream stream) {
  return derive_seed(config.seed, {static_cast<uint64_t>(stage), stream});
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
  const auto under = [&](Stream stream, const auto& make) {
    const FrozenRandomness frozen(stage_seed(config, stage.index, stream));
    return make();
  };
  SearchNetworks networks;
  networks.normalization = make_normalization(config, info);
  const auto architecture = under(kArchitecture, [&] {
    return make_architecture(choice, stage.space, config.search.architecture.init_std);
  });
  architecture->to(device, torch::kFloat32);
  const auto make_network = [&](Stream stream) {
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

SearchDataSource::SearchDataSource(const Config& config, const torch::Device& device, Log& log,
                                   PhaseObserver& observer)
    : config_(config),
      device_(device),
      dataset_(open_dataset(config.dataset.source, Split::kTrain, observer)),
      split_(split_training_set(config, *dataset_)),
      on_skip_(name_skipped_images(log)) {
  if (config.search.keep_perturbations) {
    const auto& info = dataset_->info();
    check_perturbations(static_cast<int64_t>(split_.train.size()),
                        batch_image_size(config.dataset.augment, info.height),
                        batch_image_size(config.dataset.augment, info.width));
  }
  open_loaders(0);  // complains now rather than later
}

void SearchDataSource::report(Log& log) const {
  report_images(
      *dataset_,
      std::to_string(split_.train.size()) + " training images for the weights, " +
          std::to_string(split_.validation.size()) + " for the architecture" +
          (split_.holdout.empty() ? ""
                                  : ", " + std::to_string(split_.holdout.size()) + " held out") +
          ", of " + std::to_string(dataset_->size()),
      log);
}

void SearchDataSource::open_loaders(int64_t stage) {
  const auto& augment = config_.dataset.augment;
  LoaderOptions options = make_loader_options(config_, config_.search.batch_size,
                                              stage_seed(config_, stage, kBatches), device_);
  options.on_skip = on_skip_;
  architecture_batches_.reset();
  train_ = std::make_unique<DataLoader>(*dataset_, split_.train, augment, options);
  architecture_ = std::make_unique<DataLoader>(*dataset_, split_.validation, augment, options);
  options.shuffle = false;
  validation_ =
      std::make_unique<DataLoader>(*dataset_, split_.validation, augment.for_testing(), options);
}

SearchData SearchDataSource::open(int64_t stage, int64_t first_architecture_step) {
  open_loaders(stage);
  architecture_batches_ = std::make_unique<EndlessBatches>(
      *architecture_, config_.search.architecture_batches, first_architecture_step);
  return {*train_, *architecture_batches_, validation_.get()};
}

}  // namespace sanas
