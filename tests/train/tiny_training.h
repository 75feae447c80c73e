// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <numeric>
#include <vector>

#include "data/data_test_support.h"
#include "sanas/core/device.h"
#include "sanas/core/random.h"
#include "sanas/train/evaluation_loop.h"
#include "support/device.h"

namespace sanas {

/// 3 epochs of 3 mini-batches without anything random but the order of the images.
inline EvaluationOptions tiny_options() {
  EvaluationOptions options;
  options.channels = 4;
  options.cells = 3;
  options.epochs = 3;
  options.batch_size = 4;
  options.auxiliary_weight = 0.0;
  options.drop_path = 0.0;
  options.cutout = 0;
  return options;
}

/// The training of a small network on 12 pictures of 8×8; 8 more are tested on, and 8 held out.
class TinyTraining {
 public:
  /// @param side of the pictures; 8 is too small for an auxiliary head.
  explicit TinyTraining(const EvaluationOptions& options, ImageFunction input = {},
                        const Genotype& genotype = load_genotype("DARTS_V2"), int64_t side = 8)
      : side_(side),
        network_(make_network(genotype, options.auxiliary_weight > 0.0)),
        loop(*network_, {}, {train_, test_, &holdout_, std::move(input)}, options, test_device()) {
    configure_device(test_device(), 1, /*deterministic=*/true);
  }

  EvalNetwork& network() { return *network_; }
  /// Its bad samples are left out.
  data_test::FormulaDataset& dataset() { return dataset_; }
  DataLoader& train() { return train_; }
  DataLoader& test() { return test_; }
  DataLoader& holdout() { return holdout_; }

 private:
  static std::shared_ptr<EvalNetwork> make_network(const Genotype& genotype, bool auxiliary) {
    const FrozenRandomness frozen(1);
    EvalNetworkOptions options;
    options.channels = 4;
    options.cells = 3;
    options.auxiliary = auxiliary;
    options.classes = data_test::FormulaDataset(1).info().num_classes();
    auto network = std::make_shared<EvalNetwork>(genotype, options);
    network->to(test_device());
    return network;
  }

  DataLoader loader(int64_t begin, int64_t end) const {
    std::vector<int64_t> samples(static_cast<size_t>(end - begin));
    std::iota(samples.begin(), samples.end(), begin);
    auto augment = AugmentOptions::none();
    augment.center_crop = side_;
    return DataLoader(
        dataset_, samples, augment,
        {.batch_size = 4, .workers = 0, .seed = 6, .on_bad_sample = BadSample::kSkip});
  }

  int64_t side_;
  data_test::FormulaDataset dataset_{28};
  DataLoader train_ = loader(0, 12);
  DataLoader test_ = loader(12, 20);
  DataLoader holdout_ = loader(20, 28);
  std::shared_ptr<EvalNetwork> network_;

 public:
  EvaluationLoop loop;
};

/// Writes down the reports and the network's values after every step and epoch.
class TrainWitness : public TrainObserver {
 public:
  explicit TrainWitness(EvaluationLoop& loop) : loop_(loop) {}
  void on_step(const TrainStepReport& report) override {
    steps.push_back(report);
    values.push_back(clone(values_of(loop_.network())));
  }
  void on_epoch(const TrainEpochReport& report) override {
    epochs.push_back(report);
    epoch_values.push_back(clone(values_of(loop_.network())));
  }

  std::vector<TrainStepReport> steps;
  std::vector<TrainEpochReport> epochs;
  std::vector<TensorList> values;
  std::vector<TensorList> epoch_values;

 private:
  EvaluationLoop& loop_;
};

}  // namespace sanas
