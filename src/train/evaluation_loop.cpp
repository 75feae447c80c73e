// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/evaluation_loop.h"

#include <algorithm>
#include <cmath>

#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"
#include "sanas/optim/schedule.h"

namespace sanas {

std::string to_string(TestImages images) {
  return images == TestImages::kTest ? "test" : "holdout";
}
namespace {

WeightOptimizerOptions optimizer_options(const EvaluationOptions& options) {
  WeightOptimizerOptions result;
  result.learning_rate = options.learning_rate;
  result.momentum = options.momentum;
  result.weight_decay = options.weight_decay;
  result.nesterov = options.nesterov;
  result.gradient_clip = options.gradient_clip;
  return result;
}

}  // namespace

ClassificationMeter test_network(EvalNetwork& network, const PixelNormalization& normalization,
                                 DataLoader& images, const torch::Device& device) {
  const torch::NoGradGuard no_grad;
  const ScopedMode evaluation(network, false);
  ClassificationMeter meter;
  images.start_epoch(0);
  while (const auto batch = images.next()) {
    const Batch moved = batch->to(device);
    const auto logits = network.forward(normalization(moved.images)).logits;
    meter.add(cross_entropy(logits, moved.labels).item<double>(), logits, moved.labels);
  }
  return meter;
}

EvaluationLoop::EvaluationLoop(EvalNetwork& network, const PixelNormalization& normalization,
                               DataLoader& train, DataLoader& test,
                               const EvaluationOptions& options, const torch::Device& device)
    : network_(network),
      normalization_(normalization),
      train_(train),
      test_(test),
      options_(options),
      device_(device),
      weights_(network.parameters(), optimizer_options(options)) {}

void EvaluationLoop::run() {
  while (!finished() && !stop_requested()) {
    run_epoch(step_ / train_.batches_per_epoch());
  }
}

bool EvaluationLoop::finished() const {
  return step_ >= options_.epochs * train_.batches_per_epoch() ||
         (options_.max_steps > 0 && step_ >= options_.max_steps);
}

void EvaluationLoop::run_epoch(int64_t epoch) {
  const Stopwatch watch;
  const ScheduleOptions schedule{options_.schedule, options_.learning_rate,
                                 options_.min_learning_rate, options_.warm_up_epochs,
                                 options_.warm_up_base};
  weights_.set_learning_rate(learning_rate(schedule, epoch, options_.epochs));
  const double drop_path = drop_path_probability(options_.drop_path, epoch, options_.epochs);
  network_.set_drop_path_probability(drop_path);
  const int64_t steps = train_.batches_per_epoch();
  const int64_t first_step = step_;
  train_.start_epoch(epoch, step_ % steps);
  while (!finished() && !stop_requested()) {
    const auto batch = train_.next();
    if (!batch) {
      break;
    }
    run_step(batch->to(device_), epoch, drop_path);
  }
  if (stop_requested() && (step_ == first_step || step_ % steps != 0)) {
    return;  // the epoch is finished after a resume
  }
  TrainEpochReport report;
  report.epoch = epoch;
  report.epochs = options_.epochs;
  report.step = step_;
  report.learning_rate = weights_.learning_rate();
  report.partial = step_ % steps != 0;
  report.train = meter_;
  if (!report.partial) {
    meter_ = {};
  }
  if (options_.test_each_epoch || finished()) {
    report.test = test_network(network_, normalization_, test_, device_);
  }
  report.seconds = watch.seconds();
  report.skipped_updates = skipped_updates_;
  report.rollbacks = rollbacks_;
  for (auto* observer : observers_) {
    observer->on_epoch(report);
  }
}

void EvaluationLoop::run_step(const Batch& batch, int64_t epoch, double drop_path) {
  const Stopwatch watch;
  const int64_t steps = train_.batches_per_epoch();
  TrainStepReport report;
  report.epoch = epoch;
  report.step = step_;
  report.step_in_epoch = step_ % steps;
  report.steps_in_epoch = steps;
  report.batch_size = batch.size();
  report.learning_rate = weights_.learning_rate();
  report.drop_path = drop_path;
  report.reported = step_ % options_.report_every == 0;

  network_.train();
  const FrozenRandomness drop_path_draws(
      derive_seed(options_.seed, {static_cast<uint64_t>(step_)}));
  const auto output = network_.forward(normalization_(batch.images));
  auto loss = cross_entropy(output.logits, batch.labels, options_.label_smoothing);
  if (output.auxiliary_logits.defined()) {
    loss = loss + options_.auxiliary_weight * cross_entropy(output.auxiliary_logits, batch.labels,
                                                            options_.label_smoothing);
  }
  const TensorList gradients = gradients_of(loss, weights_.parameters());
  report.loss = loss.item<double>();
  ClassificationMeter meter;
  meter.add(report.loss, output.logits, batch.labels);
  if (std::isfinite(report.loss) && all_finite(gradients)) {
    report.gradient_norm = weights_.step(gradients);
    meter_.add(meter);
  } else if (options_.on_nonfinite == NonFinitePolicy::kSkip) {
    ++skipped_updates_;
  } else {
    throw NonFiniteError("the training loss or its gradient is not finite at step " +
                         std::to_string(step_) +
                         "; lower evaluation.learning_rate, or set on_nonfinite: skip or rollback");
  }
  report.top1 = meter.top1();
  report.seconds = watch.seconds();
  ++step_;
  for (auto* observer : observers_) {
    observer->on_step(report);
  }
}

bool EvaluationLoop::stop_requested() const {
  return std::any_of(observers_.begin(), observers_.end(),
                     [](const TrainObserver* observer) { return observer->wants_stop(); });
}

void EvaluationLoop::resume_at(int64_t step, const ClassificationMeter& meter,
                               int64_t skipped_updates) {
  step_ = step;
  meter_ = meter;
  skipped_updates_ = skipped_updates;
}

void EvaluationLoop::skip_to(int64_t step, int64_t rollbacks) {
  if (step / train_.batches_per_epoch() != step_ / train_.batches_per_epoch()) {
    meter_ = {};
  }
  step_ = step;
  rollbacks_ = rollbacks;
}

}  // namespace sanas
