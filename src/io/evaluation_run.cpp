// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/evaluation_run.h"

#include <algorithm>
#include <numeric>

#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/module_state.h"
#include "sanas/io/network_checkpoint.h"
#include "sanas/io/run_watch.h"
#include "sanas/io/safetensors.h"
#include "sanas/io/search_setup.h"
#include "sanas/io/train_recorder.h"
#include "sanas/io/training_split.h"

namespace sanas {
namespace {

std::vector<int64_t> all_of(const Dataset& dataset) {
  std::vector<int64_t> indices(static_cast<size_t>(dataset.size()));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return indices;
}

/// @param holdout in rising order.
std::vector<int64_t> all_but(const Dataset& dataset, const std::vector<int64_t>& holdout) {
  std::vector<int64_t> indices = all_of(dataset);
  std::erase_if(indices, [&](int64_t index) {
    return std::binary_search(holdout.begin(), holdout.end(), index);
  });
  return indices;
}

/// The first `count` samples, or all for 0.
std::vector<int64_t> first_of(std::vector<int64_t> samples, int64_t count) {
  if (count > 0 && count < static_cast<int64_t>(samples.size())) {
    samples.resize(static_cast<size_t>(count));
  }
  return samples;
}

/// The whole test set: `subset` is for training images.
std::unique_ptr<Dataset> open_test_set(const Config& config) {
  DatasetOptions options = config.dataset.source;
  options.subset = 0;
  return open_dataset(options, Split::kTest);
}

LoaderOptions loader_options(const Config& config, const torch::Device& device) {
  return make_loader_options(config, config.evaluation.batch_size, config.evaluation.seed, device);
}

std::unique_ptr<DataLoader> open_test_loader(const Config& config, const Dataset& dataset,
                                             const torch::Device& device,
                                             std::vector<int64_t> indices) {
  LoaderOptions options = loader_options(config, device);
  options.shuffle = false;
  options.batch_size = std::min(options.batch_size, static_cast<int64_t>(indices.size()));
  return std::make_unique<DataLoader>(dataset, std::move(indices),
                                      config.dataset.augment.for_testing(), options);
}

}  // namespace

RunOutcome run_evaluation(const Config& config, const Genotype& genotype, const RunOptions& options,
                          Log& log) {
  const auto device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  const auto train_set = open_dataset(config.dataset.source, Split::kTrain);
  const bool on_holdout = config.evaluation.test_on == TestImages::kHoldout;
  const auto test_set = on_holdout ? nullptr : open_test_set(config);
  const std::vector<int64_t> holdout = config.dataset.holdout > 0.0
                                           ? split_training_set(config, *train_set).holdout
                                           : std::vector<int64_t>{};
  const DatasetInfo& info = train_set->info();
  AugmentOptions augment = config.dataset.augment;
  augment.cutout = config.evaluation.cutout;
  DataLoader train(*train_set, all_but(*train_set, holdout), augment,
                   loader_options(config, device));
  const Dataset& tested = on_holdout ? *train_set : *test_set;
  const auto test = open_test_loader(
      config, tested, device, first_of(on_holdout ? holdout : all_of(tested), options.test_images));
  const auto network = make_eval_network(config, genotype, info, device);

  RunFolder folder(options.out, options.resume ? RunFolderMode::kResume : RunFolderMode::kCreate);
  log.add_file(folder.path("log.txt"));
  MetricsLog metrics(folder.path("metrics.jsonl"), options.resume);
  EvaluationLoop loop(*network, make_normalization(config, info), train, *test, config.evaluation,
                      device);
  const std::filesystem::path last = folder.path("checkpoints/last.safetensors");
  if (options.resume && std::filesystem::exists(last)) {
    const auto checkpoint = read_safetensors(last);
    const auto saved = read_checkpoint_info(checkpoint, last.string());
    check_resumable(config, saved.config, last.string());
    load_training_checkpoint(checkpoint, last.string(), loop);
    metrics.truncate_to(static_cast<uint64_t>(saved.metrics_position));
    log.info("Resuming after mini-batch " + std::to_string(loop.step()));
  } else {
    metrics.truncate_to(0);
    write_configuration(folder, config, options);
    save_genotype(folder, genotype);
  }

  const int64_t whole = config.evaluation.epochs * train.batches_per_epoch();
  const int64_t limit = config.evaluation.max_steps;
  ProgressDisplay progress("train", limit > 0 ? std::min(limit, whole) : whole, loop.step(),
                           {.quiet = options.quiet, .terminal = {}, .clock = {}});
  RunWatch watch(folder, "sanas_eval", config, tested, device, loop.step(), log);
  TrainWatcher watcher(loop, make_normalization(config, info), watch);
  TrainRecorder recorder(loop, config, info, folder, metrics, progress, log);
  loop.add_observer(watcher);
  loop.add_observer(recorder);
  loop.add_observer(watch.report);
  loop.run();
  progress.finish();
  recorder.save_checkpoint();
  if (!loop.finished()) {
    return RunOutcome::kStopped;
  }
  write_safetensors(folder.path("weights.safetensors"), state_dict(*network));
  return RunOutcome::kFinished;
}

ClassificationMeter run_test(const Config& config, const std::filesystem::path& checkpoint) {
  const auto device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  const auto trained =
      load_trained_network(read_safetensors(checkpoint), checkpoint.string(), device);
  if (trained.info.dataset != config.dataset.source.name) {
    throw FileError(checkpoint.string() + ": trained on '" + trained.info.dataset +
                    "', but dataset.name is '" + config.dataset.source.name + "'");
  }
  const auto test_set = open_test_set(config);
  const auto loader = open_test_loader(config, *test_set, device, all_of(*test_set));
  return test_network(*trained.network, trained.normalization, *loader, device);
}

}  // namespace sanas
