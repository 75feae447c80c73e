// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/evaluation_loop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"

namespace sanas {

EvaluationLoop::EvaluationLoop(EvalNetwork& network, const PixelNormalization& normalization,
                               const EvaluationData& data, const EvaluationOptions& options,
                               const torch::Device& device)
    : network_(network),
      normalization_(normalization),
      data_(data),
      options_(options),
      device_(device),
      weights_(network.parameters(), options.weights),
      values_(values_of(network)),
      guard_(options.on_nonfinite, "the training", "lower evaluation.learning_rate") {
  TORCH_CHECK(options.selection != Selection::kValidation || data.validation != nullptr,
              "a selection on held-out images needs them");
  if (options.ema_decay > 0.0) {
    average_.emplace(network, options.ema_decay);
  }
}

bool EvaluationLoop::run() {
  try {
    if (finished() && step_ % steps_per_epoch() != 0) {
      run_epoch(reported_epochs_);  // nothing is left to do; a resume reports once more
    }
    while (!finished()) {
      check_stop(observers_);
      run_epoch(reported_epochs_);
    }
    return true;
  } catch (const Interrupted&) {
    return false;
  }
}

bool EvaluationLoop::no_steps_left() const {
  return step_ >= options_.epochs * steps_per_epoch() ||
         (options_.max_steps > 0 && step_ >= options_.max_steps);
}

bool EvaluationLoop::finished() const {
  const bool is_report_due = step_ >= (reported_epochs_ + 1) * steps_per_epoch();
  return no_steps_left() && !is_report_due;
}

void EvaluationLoop::run_epoch(int64_t epoch) {
  const Stopwatch watch;
  weights_.set_learning_rate(learning_rate(options_.weights.schedule, epoch, options_.epochs));
  const double drop_path = drop_path_probability(options_.drop_path, epoch, options_.epochs);
  network_.set_drop_path_probability(drop_path);
  const int64_t first_step = epoch * steps_per_epoch();
  data_.train.start_epoch(epoch, step_ - first_step);
  bool is_barren = step_ == first_step;
  while (step_ < first_step + steps_per_epoch() && !no_steps_left()) {
    check_stop(observers_);
    const auto batch = data_.train.next();
    if (!batch) {
      break;
    }
    is_barren = is_barren && !batch->is_usable();
    run_step(batch->to(device_), epoch, drop_path);
  }
  if (is_barren && step_ == first_step + steps_per_epoch()) {
    data_.train.throw_nothing_left();
  }
  report_epoch(epoch, watch);
}

// Whoever asks to stop while something is tested finds the epoch as if none of this had begun.
void EvaluationLoop::report_epoch(int64_t epoch, const Stopwatch& watch) {
  TrainEpochReport report;
  report.epoch = epoch;
  report.epochs = options_.epochs;
  report.step = step_;
  report.learning_rate = weights_.learning_rate();
  report.partial = step_ < (epoch + 1) * steps_per_epoch();
  report.train = meter_;
  if (options_.selection == Selection::kValidation) {
    report.validation = test(*data_.validation, "validation");
  }
  if (options_.test_each_epoch || options_.selection == Selection::kTest) {
    report.test = test(data_.test, "test");
  }
  if (!report.partial) {
    meter_ = {};
    reported_epochs_ = epoch + 1;
    keep_if_best(report);
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
  if (batch.is_usable()) {
    train(batch, report);
  }
  if (report.step_in_epoch + 1 == steps || step_ + 1 == options_.max_steps) {
    check_finite(weights_.parameters(), "weights of the network", step_);
  }
  ++step_;
  for (auto* observer : observers_) {
    observer->on_step(report);
  }
}

void EvaluationLoop::train(const Batch& batch, TrainStepReport& report) {
  const Stopwatch watch;
  report.loss = 0.0;
  network_.train();
  // A mini-batch that is left out leaves nothing behind in the running statistics either.
  std::optional<ScopedBuffers> statistics;
  if (options_.on_nonfinite == NonFinitePolicy::kSkip) {
    statistics.emplace(network_);
  }
  const FrozenRandomness drop_path_draws(
      derive_seed(options_.seed, {static_cast<uint64_t>(step_)}));
  // A part of one image would have no batch statistics on the auxiliary head's 1×1 features.
  const int64_t parts = std::clamp<int64_t>(batch.size() / 2, 1, options_.accumulation_steps);
  const auto start_of = [&](int64_t part) { return part * batch.size() / parts; };
  const auto size_of = [&](int64_t part) { return start_of(part + 1) - start_of(part); };
  const auto share_of = [&](int64_t part) {
    return static_cast<double>(size_of(part)) / static_cast<double>(batch.size());
  };
  TensorList gradients;
  TensorList numbers;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = start_of(part);
    const int64_t size = size_of(part);
    accumulate({batch.images.narrow(0, first, size), batch.labels.narrow(0, first, size),
                batch.indices.narrow(0, first, size)},
               share_of(part), gradients, numbers);
  }
  numbers.push_back(gradient_norm(gradients));
  // The only time that the step waits for the device.
  const std::vector<double> values = to_host(numbers);
  ClassificationMeter meter;
  for (int64_t part = 0; part < parts; ++part) {
    const double* value = &values[static_cast<size_t>(3 * part)];
    report.loss += share_of(part) * value[0];
    meter.add(size_of(part), value[0], value[1], value[2]);
  }
  const bool finite = std::isfinite(report.loss) && std::isfinite(values.back());
  if (guard_.allows(finite, weights_.parameters(), step_)) {
    if (statistics) {
      statistics->keep();
    }
    report.gradient_norm = values.back();
    weights_.step(gradients, numbers.back());
    meter_.add(meter);
    if (average_) {
      average_->update();
    }
  } else {
    ++skipped_updates_;
  }
  report.top1 = meter.top1();
  report.seconds = watch.seconds();
}

void EvaluationLoop::accumulate(const Batch& part, double share, TensorList& gradients,
                                TensorList& numbers) {
  const auto images = data_.input ? data_.input(part.images) : part.images;
  const ScopedTf32 tf32(options_.precision);
  const auto output = [&] {
    const ScopedPrecision precision(device_, options_.precision);
    return network_.forward(normalization_(images));
  }();
  const auto logits = output.logits.to(torch::kFloat32);
  auto loss = cross_entropy(logits, part.labels, options_.label_smoothing);
  if (output.auxiliary_logits.defined()) {
    loss = loss +
           options_.auxiliary_weight * cross_entropy(output.auxiliary_logits.to(torch::kFloat32),
                                                     part.labels, options_.label_smoothing);
  }
  const TensorList part_gradients = gradients_of(loss, weights_.parameters());
  if (!gradients.empty()) {
    add_in_place(gradients, part_gradients, share);
  } else {
    gradients = share == 1.0 ? part_gradients : scale(part_gradients, share);
  }
  numbers.push_back(loss.detach());
  numbers.push_back(count_hits(logits, part.labels));
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

ClassificationReport EvaluationLoop::test(DataLoader& images, const char* phase) {
  const ScopedValues at_values(values_, current_values());
  const auto predict = predictor(network_, normalization_);
  return test_classifier(
      data_.input ? [&](const torch::Tensor& pixels) { return predict(data_.input(pixels)); }
                  : predict,
      images, network_.options().classes, device_, options_.seed, observers_, phase);
}

/// Of a whole epoch: where a training ends within one, it may be gone on with.
void EvaluationLoop::keep_if_best(const TrainEpochReport& epoch) {
  if (options_.selection == Selection::kLast) {
    return;
  }
  const auto& tested = options_.selection == Selection::kTest ? epoch.test : epoch.validation;
  const double top1 = tested->meter().top1();
  if (std::isnan(top1)) {
    return;  // none of the images can be decoded
  }
  if (best_.epoch < 0 || top1 > best_.top1) {
    best_ = {epoch.epoch, top1, clone(current_values())};
  }
}

void EvaluationLoop::resume_at(int64_t step, int64_t reported_epochs,
                               const ClassificationMeter& meter, int64_t skipped_updates,
                               int64_t skipped_images, BestNetwork best) {
  step_ = step;
  reported_epochs_ = reported_epochs;
  meter_ = meter;
  skipped_updates_ = skipped_updates;
  skipped_images_ = skipped_images;
  best_ = std::move(best);
}

void EvaluationLoop::skip_to(int64_t step, int64_t rollbacks) {
  const int64_t epoch = step > step_ ? (step - 1) / steps_per_epoch() : reported_epochs_;
  if (epoch > reported_epochs_) {
    meter_ = {};
    reported_epochs_ = epoch;
  }
  step_ = step;
  rollbacks_ = rollbacks;
}

}  // namespace sanas
