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
      guard_(options.on_nonfinite, "the training", "lower evaluation.learning_rate"),
      cursor_({.epochs = options.epochs,
               .steps_per_epoch = data.train.batches_per_epoch(),
               .max_steps = options.max_steps}) {
  TORCH_CHECK(options.selection != Selection::kValidation || data.validation != nullptr,
              "a selection on held-out images needs them");
  if (options.ema_decay > 0.0) {
    average_.emplace(network, options.ema_decay);
  }
}

bool EvaluationLoop::run() {
  return run_epochs(cursor_, observers_, [this] { run_epoch(); });
}

void EvaluationLoop::run_epoch() {
  const Stopwatch watch;
  const int64_t epoch = cursor_.epoch();
  weights_.set_learning_rate(learning_rate(options_.weights.schedule, epoch, options_.epochs));
  const double drop_path = drop_path_probability(options_.drop_path, epoch, options_.epochs);
  network_.set_drop_path_probability(drop_path);
  data_.train.start_epoch(epoch, cursor_.steps_of_epoch());
  bool is_barren = cursor_.steps_of_epoch() == 0;
  while (!cursor_.is_epoch_done() && !cursor_.no_steps_left()) {
    check_stop(observers_);
    const auto batch = data_.train.next();
    if (!batch) {
      break;
    }
    is_barren = is_barren && !batch->is_usable();
    run_step(batch->to(device_), drop_path);
  }
  if (is_barren && cursor_.is_epoch_done()) {
    data_.train.throw_nothing_left();
  }
  report_epoch(watch);
}

// Whoever asks to stop while something is tested finds the epoch as if none of this had begun.
void EvaluationLoop::report_epoch(const Stopwatch& watch) {
  TrainEpochReport report;
  report.epoch = cursor_.epoch();
  report.epochs = options_.epochs;
  report.learning_rate = weights_.learning_rate();
  report.partial = !cursor_.is_epoch_done();
  report.train = meter_;
  if (options_.selection == Selection::kValidation) {
    report.validation = test(*data_.validation, "validation");
  }
  if (options_.test_each_epoch || options_.selection == Selection::kTest) {
    report.test = test(data_.test, "test");
  }
  if (!report.partial) {
    meter_ = {};
    cursor_.end_epoch();
    keep_if_best(report);
  }
  report.seconds = watch.seconds();
  report.counts = cursor_.counts();
  for (auto* observer : observers_) {
    observer->on_epoch(report);
  }
}

void EvaluationLoop::run_step(const Batch& batch, double drop_path) {
  TrainStepReport report;
  report.epoch = cursor_.epoch();
  report.step = step();
  report.step_in_epoch = cursor_.steps_of_epoch();
  report.steps_in_epoch = steps_per_epoch();
  report.batch_size = batch.size();
  report.learning_rate = weights_.learning_rate();
  report.drop_path = drop_path;
  report.reported = step() % options_.report_every == 0;

  cursor_.skip_images(batch.skipped);
  if (batch.is_usable()) {
    train(batch, report);
  }
  if (cursor_.is_last_step()) {
    check_finite(weights_.parameters(), "weights of the network", step());
  }
  cursor_.advance();
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
      derive_seed(options_.seed, {static_cast<uint64_t>(step())}));
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
  if (guard_.allows(finite, weights_.parameters(), step())) {
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
    cursor_.skip_update();
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
  return average_ && average_->state().updates > 0 ? average_->state().values : values_;
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
      images, {network_.options().classes, device_, options_.seed, phase}, observers_);
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

TrainingState EvaluationLoop::state() const {
  TrainingState state{cursor_.counts(), meter_, weights_.momentum_buffers(), std::nullopt, best_};
  if (average_) {
    state.average = average_->state();
  }
  return state;
}

void EvaluationLoop::set_state(const TrainingState& state) {
  TORCH_CHECK(state.average.has_value() == average_.has_value(),
              "the state of a training with a moving average, or that of one without");
  cursor_.set_counts(state.counts);
  meter_ = state.meter;
  weights_.set_momentum_buffers(state.momentum);
  if (average_) {
    average_->set_state(*state.average);
  }
  best_ = state.best;
}

void EvaluationLoop::skip_to(int64_t step, int64_t rollbacks) {
  if (cursor_.skip_to(step, rollbacks)) {
    meter_ = {};
  }
}

}  // namespace sanas
