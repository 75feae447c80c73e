// SPDX-License-Identifier: Apache-2.0
// What a search does at the end of an epoch.
#include <algorithm>
#include <vector>

#include "sanas/core/random.h"
#include "sanas/nn/batch_norm.h"
#include "sanas/search/eigenvalue.h"
#include "sanas/search/search_loop.h"

namespace sanas {
namespace {

double mean_entropy(const Supernet& net) {
  double sum = 0.0;
  for (const bool reduction : {false, true}) {
    const auto weights = net.architecture().alphas(reduction).detach().softmax(-1);
    sum += -(weights * weights.clamp_min(1e-30).log()).sum(-1).mean().item<double>();
  }
  return sum / 2.0;
}

double largest_change(const TensorList& now, const TensorList& before) {
  double largest = 0.0;
  for (size_t i = 0; i < now.size(); ++i) {
    largest = std::max(largest, (now[i] - before[i]).abs().max().item<double>());
  }
  return largest;
}

}  // namespace

// Whoever asks to stop while something is measured finds the epoch as if none of this had begun.
void SearchLoop::report_epoch(double seconds) {
  const int64_t epoch = cursor_.epoch();
  EpochReport report;
  report.epoch = epoch;
  report.epochs = options_.epochs;
  report.learning_rate = weights1_.learning_rate();
  report.partial = !cursor_.is_epoch_done();
  report.train1 = meter1_;
  report.train2 = meter2_;
  report.genotype = networks_.net1->derive();
  report.margin = networks_.net1->margin();
  report.architecture_change =
      largest_change(networks_.architecture()->tensors(), initial_architecture_);
  report.entropy = mean_entropy(*networks_.net1);
  if (data_.validation != nullptr && options_.validate_every > 0 &&
      ((epoch + 1) % options_.validate_every == 0 || cursor_.no_steps_left())) {
    measure_accuracy(report);
  }
  if (data_.validation != nullptr && options_.eigenvalue.every > 0 &&
      epoch % options_.eigenvalue.every == 0) {
    report.eigenvalue = measure_eigenvalue();
  }
  if (!report.partial) {  // what is comes once more if the search is gone on with
    meter1_ = meter2_ = {};
    cursor_.end_epoch();
    if (report.eigenvalue) {
      early_stopping_.add({epoch, *report.eigenvalue, to_string(report.genotype)});
      end_if_collapsing();
    }
  }
  report.seconds = seconds;
  report.counts = cursor_.counts();
  for (auto* observer : observers_) {
    observer->on_epoch(report);
  }
}

void SearchLoop::end_if_collapsing() {
  if (options_.eigenvalue.stop && early_stopping_.stopped_at()) {
    cursor_.end_early();
  }
}

/// Each batch has random draws of its own, for networks that draw in evaluation too.
void SearchLoop::measure_accuracy(EpochReport& report) {
  const torch::NoGradGuard no_grad;
  const ScopedMode evaluation(*networks_.net1, false);
  ClassificationMeter meter;
  data_.validation->start_epoch(0);
  Phase phase(observers_, "validation", data_.validation->batches_per_epoch());
  for (uint64_t number = 0; const auto batch = data_.validation->next(); ++number) {
    report.validation_skipped_images += batch->skipped;
    if (batch->size() > 0) {
      const Batch moved = prepare(*batch);
      const uint64_t seed = derive_seed(
          options_.seed,
          {static_cast<uint64_t>(options_.stage), static_cast<uint64_t>(report.epoch), number});
      const auto logits =
          frozen_classifier(*networks_.net1, networks_.normalization, seed)(moved.images);
      meter.add(cross_entropy(logits, moved.labels), logits, moved.labels);
    }
    phase.advance();
  }
  if (meter.count() > 0) {
    report.validation = meter;
  }
}

std::optional<double> SearchLoop::measure_eigenvalue() {
  // One batch spread over the validation half, the same every time.
  const auto order = data_.validation->order(0);
  const auto size = std::min<size_t>(order.size(), static_cast<size_t>(options_.batch_size));
  std::vector<int64_t> samples;
  for (size_t i = 0; i < size; ++i) {
    samples.push_back(order[i * order.size() / size]);
  }
  const Batch batch = prepare(data_.validation->load(0, samples));
  if (!batch.is_usable()) {
    return std::nullopt;  // the images can't be decoded
  }
  const FrozenStatistics running_statistics(*networks_.net1);
  const ScopedMode training(*networks_.net1, true);
  const ScopedConstants weights(weights1_.parameters());
  const auto classifier =
      frozen_classifier(*networks_.net1, networks_.normalization, options_.seed);
  return largest_eigenvalue([&] { return cross_entropy(classifier(batch.images), batch.labels); },
                            networks_.architecture()->tensors(), options_.eigenvalue.iterations,
                            options_.seed, observers_);
}

}  // namespace sanas
