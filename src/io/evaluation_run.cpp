// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/evaluation_run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "partial_run.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/core/signals.h"
#include "sanas/io/checkpoint_store.h"
#include "sanas/io/evaluation_images.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/module_state.h"
#include "sanas/io/network_checkpoint.h"
#include "sanas/io/rollback.h"
#include "sanas/io/run_watch.h"
#include "sanas/io/safetensors.h"
#include "sanas/io/search_setup.h"
#include "sanas/io/tensor_file.h"
#include "sanas/io/train_recorder.h"
#include "sanas/nn/cost.h"
#include "sanas/train/saliency_input.h"

namespace sanas {
namespace {

struct Training {
  RunOutcome outcome = RunOutcome::kFinished;
  /// Whose network it is.
  int64_t epoch = -1;
  /// Makes the report once more when it ends.
  std::unique_ptr<RunWatch> watch;
};

/// Mini-batches of a training.
int64_t training_steps(const EvaluationOptions& options, int64_t steps_per_epoch) {
  const int64_t whole = options.epochs * steps_per_epoch;
  return options.max_steps > 0 ? std::min(options.max_steps, whole) : whole;
}

/// Ends a test between two mini-batches. Everything is saved by then; a resume tests from the
/// start.
struct StoppedTest : std::exception {};

ImageFunction stoppable(const ImageFunction& predict) {
  return [predict](const torch::Tensor& images) {
    if (ScopedSignals::stop_requested()) {
      throw StoppedTest();
    }
    return predict(images);
  };
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

/// Trains `network` in `folder`, or goes on with it, and gives it the values that are reported.
/// @param input what the network sees instead of the images; empty: the images.
Training train_network(const Config& config, EvalNetwork& network, EvaluationImages& images,
                       const ImageFunction& input, RunFolder& folder, MetricsLog& metrics,
                       const RunOptions& options, const torch::Device& device, Log& log) {
  CheckpointStore checkpoints(folder.checkpoints(), config.checkpoint.keep);
  EvaluationLoop loop(network, make_normalization(config, images.info()),
                      {images.train(), images.test(), images.validation(), input},
                      config.evaluation, device);
  const int64_t steps_per_epoch = images.train().batches_per_epoch();
  const int64_t steps = training_steps(config.evaluation, steps_per_epoch);
  const auto checkpoint = options.resume ? checkpoints.load(log) : std::nullopt;
  if (checkpoint) {
    const auto saved = read_checkpoint_info(checkpoint->tensors, checkpoint->source);
    check_resumable(config, saved.config, checkpoint->source);
    check_same_images(saved, loop.images(), checkpoint->source);
    if (saved.step > steps) {
      throw ConfigError(checkpoint->source + ": " + std::to_string(saved.step) +
                        " mini-batches are done, evaluation.max_steps allows " +
                        std::to_string(steps));
    }
    load_training_checkpoint(checkpoint->tensors, checkpoint->source, loop);
    metrics.truncate_to(saved.metrics_position);
    log.info("Resuming after mini-batch " + std::to_string(loop.step()));
  } else {
    check_is_beginning(folder);
    metrics.truncate_to(0);
    save_genotype(folder, network.genotype());
  }

  if (options.resume) {
    if (!loop.finished()) {
      folder.remove("weights.safetensors");  // it tells that a training is over
    }
    folder.write_text("config.yaml", to_yaml(config));  // what may change has changed
  }
  ProgressDisplay progress("train", steps, loop.step(),
                           {.quiet = options.quiet, .terminal = {}, .clock = {}});
  auto watch = std::make_unique<RunWatch>(folder, "sanas_eval", config, images.tested(), device,
                                          loop.step(), log);
  TrainWatcher watcher(loop, make_normalization(config, images.info()), *watch);
  TrainRecorder recorder(loop, config, images.info(), folder, checkpoints, metrics, progress, log);
  loop.add_observer(watcher);
  loop.add_observer(recorder);
  loop.add_observer(watch->report);
  if (config.evaluation.on_nonfinite == NonFinitePolicy::kRollback && loop.step() == 0) {
    recorder.save_checkpoint();  // something to go back to
  }
  Rollback rollback(config.evaluation.on_nonfinite, steps_per_epoch, steps);
  while (!run_to_end(loop, rollback, checkpoints, metrics, log)) {
  }
  progress.finish();
  recorder.save_checkpoint();
  if (!loop.finished()) {
    return {.outcome = RunOutcome::kStopped, .watch = std::move(watch)};
  }
  const torch::NoGradGuard no_grad;
  const TensorList& reported = loop.reported_values();
  const TensorList values = values_of(network);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i].copy_(reported[i]);
  }
  const int64_t last_epoch = (loop.step() - 1) / steps_per_epoch;
  return {.epoch = loop.best().epoch >= 0 ? loop.best().epoch : last_epoch,
          .watch = std::move(watch)};
}

SaliencyInputOptions saliency_options(const Config& config) {
  SaliencyInputOptions options;
  options.attack = config.search.attack;
  options.attack.space = AttackSpace::kPixels;
  options.reweighting = config.search.reweighting;
  options.normalization = config.search.weight_normalization;
  options.seed = config.evaluation.seed;
  return options;
}

/// Tests every way of predicting up to the configured one.
TestReport test_networks(const Config& config, const ImageFunction& first,
                         const ImageFunction& second, DataLoader& images, const DatasetInfo& info,
                         const torch::Device& device) {
  TestReport report;
  report.classes = info.classes;
  report.selection = config.evaluation.selection;
  const auto add = [&](Inference inference, const ImageFunction& predict) {
    InferenceResult result{
        inference, test_classifier(predict, images, info.num_classes(), device), {}};
    if (config.evaluation.latency_runs > 0) {
      images.start_epoch(0);
      const auto image = images.next()->to(device).images.narrow(0, 0, 1);
      result.latency = measure_latency(predict, image, config.evaluation.latency_runs);
    }
    report.results.push_back(std::move(result));
  };
  add(Inference::kPlain, first);
  if (config.evaluation.inference == Inference::kPlain) {
    return report;
  }
  const auto reweighted = saliency_input(first, saliency_options(config));
  add(Inference::kReweighted, [&](const torch::Tensor& x) { return first(reweighted(x)); });
  if (config.evaluation.inference == Inference::kTwoNetworks) {
    add(Inference::kTwoNetworks, [&](const torch::Tensor& x) { return second(reweighted(x)); });
  }
  return report;
}

/// A trained network as a function; throws FileError if it is of another data set.
ImageFunction load_predictor(const Config& config, const std::filesystem::path& checkpoint,
                             const torch::Device& device, TrainedNetwork& trained) {
  trained = load_trained_network(read_safetensors(checkpoint), checkpoint.string(), device);
  if (trained.info.dataset != config.dataset.source.name) {
    throw FileError(checkpoint.string() + ": trained on '" + trained.info.dataset +
                    "', but dataset.name is '" + config.dataset.source.name + "'");
  }
  return predictor(*trained.network, trained.normalization);
}

}  // namespace

RunOutcome run_evaluation(const Config& config, const Genotype& genotype, const RunOptions& options,
                          Log& log) {
  const auto device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  EvaluationImages images(config, device);
  const auto normalization = make_normalization(config, images.info());
  const auto network = make_eval_network(config, genotype, images.info(), device);
  if (const auto& weights = config.evaluation.initial_weights; !weights.empty()) {
    load_state_dict(*network, read_tensors(weights), weights.string());
  }

  RunFolder folder(options.out, options.resume ? RunFolderMode::kResume : RunFolderMode::kCreate);
  begin_run_folder(folder, config, options, log);
  MetricsLog metrics(folder.path("metrics.jsonl"), options.resume);
  const Training first =
      train_network(config, *network, images, {}, folder, metrics, options, device, log);
  if (first.outcome == RunOutcome::kStopped) {
    return RunOutcome::kStopped;
  }
  const auto predict_first = predictor(*network, normalization);

  std::shared_ptr<EvalNetwork> second_network;
  ImageFunction predict_second;
  if (config.evaluation.inference == Inference::kTwoNetworks) {
    log.info("Training the second network on re-weighted images");
    Config other = config;
    other.evaluation.seed = derive_seed(config.evaluation.seed, {1});
    const RunOptions second_options = partial_run(options, folder.path("second"));
    RunFolder second_folder(second_options.out, second_options.resume ? RunFolderMode::kResume
                                                                      : RunFolderMode::kCreate);
    begin_run_folder(second_folder, other, second_options, log);
    MetricsLog second_metrics(second_folder.path("metrics.jsonl"), second_options.resume);
    second_network = make_eval_network(other, genotype, images.info(), device);
    const Training second = train_network(
        other, *second_network, images, saliency_input(predict_first, saliency_options(config)),
        second_folder, second_metrics, second_options, device, log);
    if (second.outcome == RunOutcome::kStopped) {
      return RunOutcome::kStopped;
    }
    predict_second = predictor(*second_network, normalization);
    write_safetensors(second_folder.path("weights.safetensors"), state_dict(*second_network));
  }

  TestReport report;
  try {
    report = test_networks(config, stoppable(predict_first), stoppable(predict_second),
                           images.test(), images.info(), device);
  } catch (const StoppedTest&) {
    return RunOutcome::kStopped;
  }
  report.epoch = first.epoch;
  report.epochs = config.evaluation.epochs;
  report.parameters = count_parameters(*network);
  write_test_report(report, folder, metrics, log);
  write_safetensors(folder.path("weights.safetensors"), state_dict(*network));
  return RunOutcome::kFinished;
}

TestReport run_test(const Config& config, const std::filesystem::path& checkpoint,
                    const std::filesystem::path& second, const std::optional<Genotype>& genotype) {
  const auto device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  TrainedNetwork first_network;
  TrainedNetwork second_network;
  const auto first = load_predictor(config, checkpoint, device, first_network);
  if (genotype && !(*genotype == first_network.network->genotype())) {
    throw FileError(checkpoint.string() +
                    ": of another genotype than --genotype: " + first_network.info.genotype);
  }
  ImageFunction predict_second;
  if (config.evaluation.inference == Inference::kTwoNetworks) {
    predict_second = load_predictor(config, second, device, second_network);
  }
  TestImageSet images(config, device);
  TestReport report =
      test_networks(config, first, predict_second, images.loader(), images.info(), device);
  report.selection = first_network.info.config.evaluation.selection;
  report.parameters = count_parameters(*first_network.network);
  return report;
}

}  // namespace sanas
