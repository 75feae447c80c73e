// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/evaluation_run.h"

#include <algorithm>
#include <numeric>

#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/io/checkpoint_store.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/module_state.h"
#include "sanas/io/network_checkpoint.h"
#include "sanas/io/rollback.h"
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

/// Mini-batches of a training.
int64_t training_steps(const EvaluationOptions& options, int64_t steps_per_epoch) {
  const int64_t whole = options.epochs * steps_per_epoch;
  return options.max_steps > 0 ? std::min(options.max_steps, whole) : whole;
}

/// True once the training is done or stopped; false if it was put back to its last checkpoint.
bool run_to_end(EvaluationLoop& loop, Rollback& rollback, CheckpointStore& checkpoints,
                MetricsLog& metrics, Log& log) {
  try {
    loop.run();
    return true;
  } catch (const NonFiniteError& error) {
    const int64_t failed = loop.step();
    const int64_t rollbacks = loop.rollbacks() + 1;
    const int64_t next =
        rollback.next_step(error, failed, checkpoints.last_name(), checkpoints.last());
    const auto checkpoint = checkpoints.load(log);
    TORCH_CHECK(checkpoint, "a run that may be put back begins with a checkpoint");
    load_training_checkpoint(checkpoint->tensors, checkpoint->source, loop);
    loop.skip_to(next, rollbacks);
    report_rollback(error, 0, failed, next, rollbacks, metrics, log);
    return false;
  }
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
  begin_run_folder(folder, config, options, log);
  MetricsLog metrics(folder.path("metrics.jsonl"), options.resume);
  CheckpointStore checkpoints(folder.checkpoints(), config.checkpoint.keep);
  EvaluationLoop loop(*network, make_normalization(config, info), train, *test, config.evaluation,
                      device);
  const auto checkpoint = options.resume ? checkpoints.load(log) : std::nullopt;
  if (checkpoint) {
    const auto saved = read_checkpoint_info(checkpoint->tensors, checkpoint->source);
    check_resumable(config, saved.config, checkpoint->source);
    load_training_checkpoint(checkpoint->tensors, checkpoint->source, loop);
    metrics.truncate_to(saved.metrics_position);
    log.info("Resuming after mini-batch " + std::to_string(loop.step()));
  } else {
    metrics.truncate_to(0);
    save_genotype(folder, genotype);
  }

  const int64_t steps = training_steps(config.evaluation, train.batches_per_epoch());
  ProgressDisplay progress("train", steps, loop.step(),
                           {.quiet = options.quiet, .terminal = {}, .clock = {}});
  TrainRecorder recorder(loop, config, info, folder, checkpoints, metrics, progress, log);
  loop.add_observer(recorder);
  if (config.evaluation.on_nonfinite == NonFinitePolicy::kRollback && loop.step() == 0) {
    recorder.save_checkpoint();  // something to go back to
  }
  Rollback rollback(config.evaluation.on_nonfinite, train.batches_per_epoch(), steps);
  while (!run_to_end(loop, rollback, checkpoints, metrics, log)) {
  }
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
