// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/evaluation_run.h"

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "checkpoint/training_checkpoint.h"
#include "core/format.h"
#include "formats/number_text.h"
#include "report/run_files.h"
#include "runs/computing_line.h"
#include "runs/evaluation/network_tests.h"
#include "runs/evaluation/test_report_files.h"
#include "runs/evaluation/training_recorder.h"
#include "runs/genotype_files.h"
#include "runs/kept_files.h"
#include "runs/run_recorder.h"
#include "runs/run_session.h"
#include "sanas/checkpoint/module_state.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/formats/safetensors.h"
#include "sanas/formats/tensor_file.h"
#include "sanas/nn/cost.h"
#include "sanas/optim/run_cursor.h"
#include "sanas/setup/networks.h"
#include "setup/configured_device.h"
#include "setup/inference_batches.h"

namespace sanas {
namespace {

/// A network and what it is trained on.
struct Training {
  EvalNetwork& network;
  EvaluationImages& images;
  /// What the network sees instead of the images; empty: the images.
  ImageFunction input;
  EvaluationOptions options;
  torch::Device device;

  /// Mini-batches of it.
  int64_t steps() const {
    const RunLength length{.epochs = options.epochs,
                           .steps_per_epoch = images.train().batches_per_epoch(),
                           .max_steps = options.max_steps};
    return length.steps();
  }
};

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

/// What to say of it; empty: nothing.
std::string load_initial_weights(const Config& config, EvalNetwork& network) {
  const auto& file = config.evaluation.initial_weights;
  const std::string wrapper =
      file.empty() ? "" : load_state_dict(network, read_tensors(file), file.string());
  return wrapper.empty() ? ""
                         : file.string() + ": read without '" + wrapper + "' in front of each name";
}

/// Whether a run begins with its first mini-batch: one that goes on has its weights.
bool begins(const RunOptions& options) {
  return !options.resume || !CheckpointStore(options.out / run_files::kCheckpoints, 1).holds_any();
}

/// As many images at a time as suit the network.
void set_test_batches(const Config& config, const Training& training) {
  EvaluationImages& images = training.images;
  const int64_t size = test_batch_size(config, training.network, images.info());
  images.test().set_batch_size(size);
  if (images.validation() != nullptr) {
    images.validation()->set_batch_size(size);
  }
}

/// Brings a loop to where its run stands, and the run's folder to that state.
void start(EvaluationLoop& loop, const Training& training, RunSession& session) {
  const auto saved = session.resume([&] { return loop.images(); }, training.steps());
  if (saved) {
    load_training_checkpoint(saved->checkpoint.tensors, saved->checkpoint.source, loop);
    session.log().info("Resuming after mini-batch " + std::to_string(loop.step()));
  }
  session.start(training.device, loop.step());
  if (!saved) {
    save_genotype(session.folder(), training.network.genotype());
  }
}

/// A checkpoint to go back to, or one that no resume needs the initial weights for again.
bool needs_first_checkpoint(const EvaluationOptions& options) {
  return options.on_nonfinite == NonFinitePolicy::kRollback || !options.initial_weights.empty();
}

/// Puts the loop back to its last checkpoint after an error.
void go_back(EvaluationLoop& loop, const NonFiniteError& error, RunSession& session) {
  const int64_t rollbacks = loop.counts().rollbacks;
  const RollbackPoint back = session.roll_back(error, {0, loop.step(), rollbacks});
  TORCH_CHECK(back.checkpoint, "a run that may be put back begins with a checkpoint");
  load_training_checkpoint(back.checkpoint->tensors, back.checkpoint->source, loop);
  loop.skip_to(back.next_step, rollbacks + 1);
}

/// Whether the loop came to its end; goes back and on where something is not finite.
bool run_to_end(EvaluationLoop& loop, RunSession& session) {
  while (true) {
    try {
      return loop.run();
    } catch (const NonFiniteError& error) {
      go_back(loop, error, session);
    }
  }
}

/// Gives the network the values that are reported. @return the epoch that they are of.
int64_t keep_reported_values(EvaluationLoop& loop) {
  const torch::NoGradGuard no_grad;
  const TensorList& reported = loop.reported_values();
  const TensorList values = values_of(loop.network());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i].copy_(reported[i]);
  }
  const int64_t last_epoch = (loop.step() - 1) / loop.steps_per_epoch();
  return loop.best().epoch >= 0 ? loop.best().epoch : last_epoch;
}

/// Trains a network from where its run stands, and writes down what it does.
/// @return the epoch whose network it then is; nothing if it was stopped.
std::optional<int64_t> train(const Training& training, RunSession& session) {
  const Config& config = session.config();
  EvaluationImages& images = training.images;
  set_test_batches(config, training);
  EvaluationLoop loop(training.network, make_normalization(config, images.info()),
                      {images.train(), images.test(), images.validation(), training.input},
                      training.options, training.device);
  start(loop, training, session);
  RunWatch watch{EventFile(session.folder().path(), loop.step()),
                 HeatMapProbe(images.tested(), config, training.device)};
  TrainingRecorder recorder(loop, training.input ? "train the second network" : "train",
                            training.steps(), images.info(), session, watch);
  loop.add_observer(recorder);
  loop.add_observer(session.report());
  recorder.begin();
  warn_of_young_average(training.options, training.steps(), session.log());
  if (loop.step() == 0 && needs_first_checkpoint(training.options)) {
    recorder.save_checkpoint();
  }
  const bool ended = run_to_end(loop, session);
  recorder.end();
  recorder.save_checkpoint();
  return ended ? std::optional(keep_reported_values(loop)) : std::nullopt;
}

/// Last of all, behind the report: the file tells that a training is over, and nothing in the
/// folder is looked at again.
void keep_weights(const EvalNetwork& network, const RunSession& session) {
  write_safetensors(session.folder().path(run_files::kWeights), state_dict(network));
}

/// Trains another network on images that the first one re-weights, in a run of its own within that
/// of the first one. @return nothing if it was stopped.
std::shared_ptr<EvalNetwork> train_second(const Training& first, const ImageFunction& predict_first,
                                          const RunSession& session) {
  const Config& config = session.config();
  session.log().info("Training the second network on re-weighted images");
  EvaluationOptions options = first.options;
  options.seed = derive_seed(config.seed, {1});
  RunSession second(
      SessionKind::kTraining, config,
      partial_run(session.options(), session.folder().path(run_files::kSecondNetwork)),
      session.log());
  const auto network = make_eval_network(config, first.network.genotype(), first.images.info(),
                                         first.device, options.seed);
  const ImageFunction input = saliency_input(predict_first, saliency_options(config));
  const bool ended = second.run([&] {
    return train({*network, first.images, input, options, first.device}, second).has_value();
  });
  if (!ended) {
    return nullptr;
  }
  keep_weights(*network, second);
  return network;
}

RunOutcome train_and_test(const Config& given, const Genotype& genotype, const RunOptions& options,
                          Log& log) {
  const Config config = with_kept_files(given, options);
  PhaseDisplay phases(progress_options(options.quiet, log));
  const auto device = configured_device(config);
  EvaluationImages images(config, device, log, phases);
  const auto normalization = make_normalization(config, images.info());
  const auto network = make_eval_network(config, genotype, images.info(), device);
  const std::string remark = begins(options) ? load_initial_weights(config, *network) : "";

  RunSession session(SessionKind::kTraining, config, options, log);
  log.info(computing_line(device, config.evaluation.precision, "training", config.kernels));
  report_composed(*network, device, config.kernels, log);
  if (!remark.empty()) {
    log.info(remark);
  }
  images.report(log);
  const RunOutcome outcome = session.run([&] {
    const Training training{*network, images, {}, evaluation_options(config), device};
    const auto epoch = train(training, session);
    if (!epoch) {
      return RunOutcome::kStopped;
    }
    Predictors predictors{predictor(*network, normalization), {}};
    std::shared_ptr<EvalNetwork> second;
    if (config.evaluation.inference == Inference::kTwoNetworks) {
      second = train_second(training, predictors.first, session);
      if (!second) {
        return RunOutcome::kStopped;
      }
      predictors.second = predictor(*second, normalization);
    }
    TestReport report =
        test_networks(config, predictors, images.test(), images.info(), device, phases);
    report.epoch = *epoch;
    report.epochs = config.evaluation.epochs;
    report.parameters = count_parameters(*network);
    write_test_report(report, session.folder(), session.metrics(), log);
    return RunOutcome::kFinished;
  });
  if (outcome == RunOutcome::kFinished) {
    keep_weights(*network, session);
  }
  return outcome;
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

}  // namespace sanas
