// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <vector>

#include "runs/evaluation/training_records.h"
#include "runs/search/saliency_probe.h"
#include "runs/search/search_records.h"
#include "sanas/genotype/genotype.h"

namespace sanas::test {

/// Two of four images right, and mean loss 0.5.
inline ClassificationMeter half_right() { return ClassificationMeter::from_state({4, 2.0, 2, 4}); }

/// A mini-batch of a search that updated everything.
inline StepReport complete_step() {
  StepReport report;
  report.epoch = 2;
  report.step = 30;
  report.steps_in_epoch = 12;
  report.batch_size = 8;
  report.learning_rate = 0.025;
  report.reported = true;
  report.weights1 = LevelReport{1.5, 0.25, 3.0, 2, 0.125, 1024, {}};
  report.weights2 = LevelReport{2.5, 0.75, 4.0, 3, 0.25, 2048, 1};
  report.architecture.emplace();
  report.architecture->validation1_loss = 1.25;
  report.architecture->validation2_loss = 2.25;
  report.architecture->attack_loss = 16.0;
  report.architecture->total_norm = 5.0;
  for (const Term term : kTerms) {
    const auto place = static_cast<double>(term);
    report.architecture->terms[term] = {place + 0.5, place / 8.0};
  }
  report.architecture->passes = 17;
  report.architecture->seconds = 0.5;
  report.architecture->peak_memory_bytes = 4096;
  return report;
}

/// An epoch of a search that measured everything.
inline EpochReport complete_epoch() {
  EpochReport report;
  report.epoch = 2;
  report.epochs = 50;
  report.counts.step = 36;
  report.counts.skipped_updates = 1;
  report.counts.rollbacks = 2;
  report.counts.skipped_images = 3;
  report.learning_rate = 0.025;
  report.train1 = report.train2 = half_right();
  report.validation = half_right();
  report.validation_skipped_images = 4;
  report.eigenvalue = 0.75;
  report.genotype = load_genotype("DARTS_V2");
  report.margin = 0.125;
  report.architecture_change = 0.25;
  report.entropy = 2.0;
  report.seconds = 8.0;
  return report;
}

inline TrainStepReport complete_training_step() {
  TrainStepReport report;
  report.epoch = 2;
  report.step = 30;
  report.batch_size = 8;
  report.learning_rate = 0.025;
  report.drop_path = 0.125;
  report.loss = 1.5;
  report.top1 = 0.25;
  report.gradient_norm = 3.0;
  report.seconds = 0.5;
  report.reported = true;
  return report;
}

/// An epoch of a training that tested on everything: one of two images right.
inline TrainEpochReport complete_training_epoch() {
  TrainEpochReport report;
  report.epoch = 2;
  report.epochs = 600;
  report.counts.step = 36;
  report.counts.skipped_updates = 1;
  report.counts.rollbacks = 2;
  report.counts.skipped_images = 3;
  report.learning_rate = 0.025;
  report.train = half_right();
  report.validation.emplace(2);
  report.validation->add(torch::tensor({{1.0, 0.0}, {1.0, 0.0}}),
                         torch::tensor({0, 1}, torch::kLong));
  report.test = report.validation;
  report.test->add_skipped(5);
  report.seconds = 8.0;
  return report;
}

/// What was measured of the saliency of a search's epoch.
inline SaliencyQuality complete_saliency() {
  SaliencyQuality quality{8, 0.125, 0.75, 0.375, 0.625, TermShares(), /*follows_delta=*/true};
  for (const Term term : kTerms) {
    quality.shares->share[term] = static_cast<double>(term) / 8.0;
  }
  return quality;
}

inline JsonRecord complete_epoch_record() {
  auto record = to_record(complete_epoch(), 0, {.parameters = 7, .macs = 9}, 4096);
  append(record, complete_saliency());
  return record;
}

/// One of each phase, with every value that it may have.
inline std::vector<JsonRecord> complete_records() {
  return {to_record(complete_step(), 0, SearchMethod::kSanas), complete_epoch_record(),
          to_record(complete_training_step()), to_record(complete_training_epoch(), 4096)};
}

}  // namespace sanas::test
