// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/evaluation_run.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "computing_line.h"
#include "format.h"
#include "partial_run.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/io/checkpoint_store.h"
#include "sanas/io/config_number.h"
#include "sanas/io/evaluation_images.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/inference_batches.h"
#include "sanas/io/module_state.h"
#include "sanas/io/network_checkpoint.h"
#include "sanas/io/phase_display.h"
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

/// The moving average begins with the weights after the first mini-batch; warns where much of it is
/// still these at the end.
void warn_of_young_average(const EvaluationOptions& options, int64_t steps, Log& log) {
  constexpr double kMuch = 0.1;
  const double share = std::pow(options.ema_decay, static_cast<double>(steps - 1));
  if (options.ema_decay > 0.0 && share > kMuch) {
    log.warn(format(
        "warning: evaluation.ema_decay is %s, and there are %lld mini-batches: %.0f %% "
        "of the average that is tested will be the weights after the first one; "
        "expected a smaller decay or a longer training",
        format_number(options.ema_decay).c_str(), static_cast<long long>(steps), 100.0 * share));
  }
}

enum class TrainingEnd { kDone, kStopped, kPutBack };

/// kPutBack: something was not finite, and the loop is at its last checkpoint again.
TrainingEnd run_to_end(EvaluationLoop& loop, Rollback& rollback, CheckpointStore& checkpoints,
                       MetricsLog& metrics, Log& log) {
  try {
    return loop.run() ? TrainingEnd::kDone : TrainingEnd::kStopped;
  } catch (const NonFiniteError& error) {
    const int64_t failed = loop.step();
    const int64_t rollbacks = loop.rollbacks() + 1;
    const int64_t next =
        rollback.next_step(error, failed, checkpoints.last_name(), checkpoints.last());
    const auto checkpoint = checkpoints.load(log, check_checkpoint);
    TORCH_CHECK(checkpoint, "a run that may be put back begins with a checkpoint");
    load_training_checkpoint(checkpoint->tensors, checkpoint->source, loop);
    loop.skip_to(next, rollbacks);
    report_rollback(error, 0, failed, next, rollbacks, metrics, log);
    return TrainingEnd::kPutBack;
  }
}

/// What to say of it; empty: nothing.
std::string load_initial_weights(const Config& config, EvalNetwork& network) {
  const auto& file = config.evaluation.initial_weights;
  const std::string wrapper =
      file.empty() ? "" : load_state_dict(network, read_tensors(file), file.string());
  return wrapper.empty() ? ""
                         : file.string() + ": read without '" + wrapper + "' in front of each name";
}

/// Trains `network` in `folder`, or goes on with it, and gives it the values that are reported.
/// @param input what the network sees instead of the images; empty: the images.
Training train_network(const Config& config, EvalNetwork& network, EvaluationImages& images,
                       const ImageFunction& input, RunFolder& folder, MetricsLog& metrics,
                       const RunOptions& options, const torch::Device& device, Log& log) {
  CheckpointStore checkpoints(folder.checkpoints(), config.checkpoint.keep);
  const int64_t test_batch = test_batch_size(config, network, images.info());
  images.test().set_batch_size(test_batch);
  if (images.validation() != nullptr) {
    images.validation()->set_batch_size(test_batch);
  }
  EvaluationLoop loop(network, make_normalization(config, images.info()),
                      {images.train(), images.test(), images.validation(), input},
                      config.evaluation, device);
  const int64_t steps_per_epoch = images.train().batches_per_epoch();
  const int64_t steps = training_steps(config.evaluation, steps_per_epoch);
  const auto checkpoint = options.resume ? checkpoints.load(log, check_checkpoint) : std::nullopt;
  if (checkpoint) {
    const auto saved = read_checkpoint_info(checkpoint->tensors, checkpoint->source);
    check_resumable(config, saved.config, checkpoint->source);
    check_same_images(saved, loop.images(), checkpoint->source);
    check_steps_done(saved.step, steps, "evaluation.max_steps", checkpoint->source);
    load_training_checkpoint(checkpoint->tensors, checkpoint->source, loop);
    metrics.truncate_to(saved.metrics_position);
    log.info("Resuming after mini-batch " + std::to_string(loop.step()));
  } else {
    check_is_beginning(folder);
    metrics.truncate_to(0);
    save_genotype(folder, network.genotype());
  }

  if (options.resume) {
    folder.remove("weights.safetensors");               // it tells that a run is over
    folder.write_text("config.yaml", to_yaml(config));  // what may change has changed
  }
  ProgressDisplay progress(input ? "train the second network" : "train", steps, loop.step(),
                           progress_options(options.quiet, log));
  progress.update(loop.step());  // the first mini-batch may take long
  auto watch = std::make_unique<RunWatch>(folder, "sanas_eval", config, images.tested(), device,
                                          loop.step(), log);
  TrainWatcher watcher(loop, make_normalization(config, images.info()), *watch);
  TrainRecorder recorder(loop, config, images.info(), folder, checkpoints, metrics, progress, log);
  loop.add_observer(watcher);
  loop.add_observer(recorder);
  loop.add_observer(watch->report);
  warn_of_young_average(config.evaluation, steps, log);
  const bool goes_back = config.evaluation.on_nonfinite == NonFinitePolicy::kRollback;
  if (loop.step() == 0 && (goes_back || !config.evaluation.initial_weights.empty())) {
    recorder.save_checkpoint();  // something to go back to, or what no resume should need again
  }
  Rollback rollback(config.evaluation.on_nonfinite);
  TrainingEnd end = TrainingEnd::kPutBack;
  while (end == TrainingEnd::kPutBack) {
    end = run_to_end(loop, rollback, checkpoints, metrics, log);
  }
  progress.finish();
  recorder.save_checkpoint();
  if (end == TrainingEnd::kStopped) {
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

/// An accuracy that means nothing is none.
void check_result(const InferenceResult& result) {
  const ClassificationMeter& meter = result.report.meter();
  if (meter.count() == 0) {
    throw DataError("no image is left to test on: none could be decoded");
  }
  if (!std::isfinite(meter.loss())) {
    throw NonFiniteError("the network's outputs for the tested images are not finite (" +
                         to_string(result.inference) + "): its accuracy means nothing");
  }
}

/// The first image of a loader that can be decoded: 1×3×H×W.
torch::Tensor first_image(DataLoader& images) {
  images.start_epoch(0);
  while (const auto batch = images.next()) {
    if (batch->size() > 0) {
      return batch->images.narrow(0, 0, 1);
    }
  }
  images.throw_nothing_left();
}

/// Tests every way of predicting up to the configured one. Throws Interrupted.
TestReport test_networks(const Config& config, const ImageFunction& first,
                         const ImageFunction& second, DataLoader& images, const DatasetInfo& info,
                         const torch::Device& device, PhaseObserver& observer) {
  TestReport report;
  report.classes = info.classes;
  report.selection = config.evaluation.selection;
  const auto add = [&](Inference inference, const ImageFunction& predict) {
    InferenceResult result{
        inference,
        test_classifier(predict, images, info.num_classes(), device, config.evaluation.seed,
                        observer, "test (" + to_string(inference) + ")"),
        {}};
    if (config.evaluation.latency_runs > 0) {
      const auto image = first_image(images).to(device);
      result.latency = measure_latency(predict, image, config.evaluation.latency_runs, observer);
    }
    check_result(result);
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

RunOutcome train_and_test(const Config& given, const Genotype& genotype, const RunOptions& options,
                          Log& log) {
  const Config config = with_kept_files(given, options);
  PhaseDisplay phases(progress_options(options.quiet, log));
  const auto device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  EvaluationImages images(config, device, log, phases);
  const auto normalization = make_normalization(config, images.info());
  const auto network = make_eval_network(config, genotype, images.info(), device);
  std::string remark;
  if (!options.resume || !CheckpointStore(options.out / "checkpoints", 1).holds_any()) {
    remark = load_initial_weights(config, *network);
  }

  RunFolder folder(options.out, options.resume ? RunFolderMode::kResume : RunFolderMode::kCreate);
  begin_run_folder(folder, "sanas_eval", config, options, log);
  log.info(computing_line(device, config.evaluation.precision, "training"));
  if (!remark.empty()) {
    log.info(remark);
  }
  images.report(log);
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
    begin_run_folder(second_folder, "sanas_eval", other, second_options, log);
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

  TestReport report =
      test_networks(config, stoppable(predict_first, phases), stoppable(predict_second, phases),
                    images.test(), images.info(), device, phases);
  report.epoch = first.epoch;
  report.epochs = config.evaluation.epochs;
  report.parameters = count_parameters(*network);
  write_test_report(report, folder, metrics, log);
  write_safetensors(folder.path("weights.safetensors"), state_dict(*network));
  return RunOutcome::kFinished;
}

}  // namespace

RunOutcome run_evaluation(const Config& config, const Genotype& genotype, const RunOptions& options,
                          Log& log) {
  try {
    return train_and_test(config, genotype, options, log);
  } catch (const Interrupted&) {
    return RunOutcome::kStopped;  // by now all that it takes to go on is saved
  }
}

TestReport run_test(const Config& config, const std::filesystem::path& checkpoint,
                    const std::filesystem::path& second, const std::optional<Genotype>& genotype,
                    Log& log) {
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
  PhaseDisplay phases(progress_options(log.quiet(), log));
  TestImageSet images(config, device, log, nullptr, phases);
  images.report(log);
  images.loader().set_batch_size(test_batch_size(config, *first_network.network, images.info()));
  TestReport report =
      test_networks(config, stoppable(first, phases), stoppable(predict_second, phases),
                    images.loader(), images.info(), device, phases);
  report.selection = first_network.info.config.evaluation.selection;
  report.parameters = count_parameters(*first_network.network);
  return report;
}

}  // namespace sanas
