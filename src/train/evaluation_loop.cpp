// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/evaluation_loop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"
#include "sanas/optim/schedule.h"

namespace sanas {

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

EvaluationLoop::EvaluationLoop(EvalNetwork& network, const PixelNormalization& normalization,
                               const EvaluationData& data, const EvaluationOptions& options,
                               const torch::Device& device)
    : network_(network),
      normalization_(normalization),
      data_(data),
      options_(options),
      device_(device),
      weights_(network.parameters(), optimizer_options(options)),
      values_(values_of(network)) {
  TORCH_CHECK(options.selection != Selection::kValidation || data.validation != nullptr,
              "a selection on held-out images needs them");
  if (options.ema_decay > 0.0) {
    average_.emplace(network, options.ema_decay);
  }
}

void EvaluationLoop::run() {
  const int64_t steps = data_.train.batches_per_epoch();
  if (finished() && step_ % steps != 0) {
    run_epoch(step_ / steps);  // nothing is left to do; a resume reports once more
  }
  while (!finished() && !stop_requested()) {
    run_epoch(step_ / steps);
  }
}

bool EvaluationLoop::finished() const {
  return step_ >= options_.epochs * data_.train.batches_per_epoch() ||
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
  const int64_t steps = data_.train.batches_per_epoch();
  const int64_t first_step = step_;
  data_.train.start_epoch(epoch, step_ % steps);
  while (!finished() && !stop_requested()) {
    const auto batch = data_.train.next();
    if (!batch) {
      break;
    }
    run_step(batch->to(device_), epoch, drop_path);
  }
  if (stop_requested() && !finished() && (step_ == first_step || step_ % steps != 0)) {
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
  if (options_.selection == Selection::kValidation) {
    report.validation = test(current_values(), *data_.validation);
    keep_if_best(report, *report.validation);
  }
  if (options_.test_each_epoch || options_.selection == Selection::kTest) {
    report.test = test(current_values(), data_.test);
    if (options_.selection == Selection::kTest) {
      keep_if_best(report, *report.test);
    }
  }
  report.seconds = watch.seconds();
  report.skipped_updates = skipped_updates_;
  report.rollbacks = rollbacks_;
  report.skipped_images = skipped_images_;
  for (auto* observer : observers_) {
    observer->on_epoch(report);
  }
}

void EvaluationLoop::run_step(const Batch& batch, int64_t epoch, double drop_path) {
  const Stopwatch watch;
  const int64_t steps = data_.train.batches_per_epoch();
  TrainStepReport report;
  report.epoch = epoch;
  report.step = step_;
  report.step_in_epoch = step_ % steps;
  report.steps_in_epoch = steps;
  report.batch_size = batch.size();
  report.learning_rate = weights_.learning_rate();
  report.drop_path = drop_path;
  report.reported = step_ % options_.report_every == 0;

  skipped_images_ += batch.skipped;
  network_.train();
  // A mini-batch that is left out leaves nothing behind in the running statistics either.
  std::optional<ScopedBuffers> statistics;
  if (options_.on_nonfinite == NonFinitePolicy::kSkip) {
    statistics.emplace(network_);
  }
  const FrozenRandomness drop_path_draws(
      derive_seed(options_.seed, {static_cast<uint64_t>(step_)}));
  TensorList gradients = zeros_like(detach(weights_.parameters()));
  ClassificationMeter meter;
  // A part of one image would have no batch statistics on the auxiliary head's 1×1 features.
  const int64_t parts = std::clamp<int64_t>(batch.size() / 2, 1, options_.accumulation_steps);
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = part * batch.size() / parts;
    const int64_t size = (part + 1) * batch.size() / parts - first;
    accumulate({batch.images.narrow(0, first, size), batch.labels.narrow(0, first, size),
                batch.indices.narrow(0, first, size)},
               static_cast<double>(size) / static_cast<double>(batch.size()), gradients,
               report.loss, meter);
  }
  if (std::isfinite(report.loss) && all_finite(gradients)) {
    if (statistics) {
      statistics->keep();
    }
    report.gradient_norm = weights_.step(gradients);
    meter_.add(meter);
    if (average_) {
      average_->update();
    }
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

void EvaluationLoop::accumulate(const Batch& part, double share, TensorList& gradients,
                                double& loss, ClassificationMeter& meter) {
  const auto images = data_.input ? data_.input(part.images) : part.images;
  const auto output = [&] {
    const ScopedPrecision precision(device_, options_.precision);
    return network_.forward(normalization_(images));
  }();
  const auto logits = output.logits.to(torch::kFloat32);
  auto part_loss = cross_entropy(logits, part.labels, options_.label_smoothing);
  if (output.auxiliary_logits.defined()) {
    part_loss = part_loss + options_.auxiliary_weight *
                                cross_entropy(output.auxiliary_logits.to(torch::kFloat32),
                                              part.labels, options_.label_smoothing);
  }
  add_in_place(gradients, gradients_of(part_loss, weights_.parameters()), share);
  const double value = part_loss.item<double>();
  loss += share * value;
  meter.add(value, logits, part.labels);
}

std::string EvaluationLoop::images() const {
  return data_.train.fingerprint() +
         (data_.validation != nullptr ? " " + data_.validation->fingerprint() : "");
}

const TensorList& EvaluationLoop::current_values() const {
  return average_ && average_->updates() > 0 ? average_->values() : values_;
}

const TensorList& EvaluationLoop::reported_values() const {
  return best_.epoch >= 0 ? best_.values : current_values();
}

ClassificationReport EvaluationLoop::test(const TensorList& values, DataLoader& images) {
  const ScopedValues at_values(values_, values);
  const auto predict = predictor(network_, normalization_);
  return test_classifier(
      data_.input ? [&](const torch::Tensor& pixels) { return predict(data_.input(pixels)); }
                  : predict,
      images, network_.options().classes, device_);
}

/// Whole epochs only: where a training ends within one, it may be gone on with.
void EvaluationLoop::keep_if_best(const TrainEpochReport& epoch,
                                  const ClassificationReport& tested) {
  const double top1 = tested.meter().top1();
  if (!epoch.partial && (best_.epoch < 0 || top1 > best_.top1)) {
    best_ = {epoch.epoch, top1, clone(current_values())};
  }
}

bool EvaluationLoop::stop_requested() const {
  return std::any_of(observers_.begin(), observers_.end(),
                     [](const TrainObserver* observer) { return observer->wants_stop(); });
}

void EvaluationLoop::resume_at(int64_t step, const ClassificationMeter& meter,
                               int64_t skipped_updates, int64_t skipped_images, BestNetwork best) {
  step_ = step;
  meter_ = meter;
  skipped_updates_ = skipped_updates;
  skipped_images_ = skipped_images;
  best_ = std::move(best);
}

void EvaluationLoop::skip_to(int64_t step, int64_t rollbacks) {
  if (step / data_.train.batches_per_epoch() != step_ / data_.train.batches_per_epoch()) {
    meter_ = {};
  }
  step_ = step;
  rollbacks_ = rollbacks;
}

}  // namespace sanas
