// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "data/data_test_support.h"
#include "sanas/search/search_loop.h"
#include "search/small_search.h"

namespace sanas {

/// 5 epochs of 3 mini-batches in first order.
inline SearchOptions quick_options() {
  SearchOptions options;
  options.epochs = 5;
  options.hypergradient.order = HypergradientOrder::kFirst;
  options.attack.steps = 2;
  return options;
}

/// A search on 20 pictures of 8×8: 12 for the weights, 8 for the architecture.
class TinySearch {
 public:
  /// @param family may be one that the test has added.
  /// @param architecture_step the first batch for the architecture, to resume.
  explicit TinySearch(const SearchOptions& options, const std::string& family = "darts",
                      int64_t architecture_step = 0)
      : batches_(architecture_, ArchitectureBatches::kPersistent, architecture_step),
        networks_(make_networks(options, family)),
        loop(networks_, {train_, batches_, &validation_}, options, test_device()) {
    configure_device(test_device(), 1, /*deterministic=*/true);
  }

  Snapshot snapshot() const {
    return snapshot_of(networks_, loop.weights1(), loop.weights2(),
                       loop.state().architecture_optimizer);
  }

  const DatasetInfo& info() const { return dataset_.info(); }
  /// Its bad samples are left out.
  data_test::FormulaDataset& dataset() { return dataset_; }
  const DataLoader& train() const { return train_; }
  /// What the accuracy is measured on: the images of the architecture, in the same batches.
  DataLoader& validation() { return validation_; }

 private:
  static SearchNetworks make_networks(const SearchOptions& options, const std::string& family) {
    const FrozenRandomness frozen(1);
    const auto choice = tiny_choice(family);
    const auto architecture = make_architecture(choice, 1e-3);
    architecture->to(test_device(), torch::kFloat32);
    SearchNetworks networks;
    networks.net1 = make_supernet(choice, architecture);
    networks.net1->to(test_device());
    if (options.method == SearchMethod::kSanas) {
      networks.net2 = make_supernet(choice, architecture);
      networks.net2->to(test_device());
    }
    return networks;
  }

  DataLoader loader(int64_t begin, int64_t end) const {
    std::vector<int64_t> samples(static_cast<size_t>(end - begin));
    std::iota(samples.begin(), samples.end(), begin);
    auto augment = AugmentOptions::none();
    augment.center_crop = 8;  // the pictures with a black frame: sizes that can be halved twice
    return DataLoader(
        dataset_, samples, augment,
        {.batch_size = 4, .workers = 0, .seed = 6, .on_bad_sample = BadSample::kSkip});
  }

  data_test::FormulaDataset dataset_{20};
  DataLoader train_ = loader(0, 12);
  DataLoader architecture_ = loader(12, 20);
  DataLoader validation_ = loader(12, 20);
  EndlessBatches batches_;
  SearchNetworks networks_;

 public:
  SearchLoop loop;
};

/// Writes down what is reported, and which of W1, W2 and A have really moved in each step.
class Witness : public SearchObserver {
 public:
  explicit Witness(SearchLoop& loop) : loop_(loop), before_(values()) {}

  void on_step(const StepReport& report) override {
    steps.push_back(report);
    const auto now = values();
    for (size_t level = 0; level < now.size(); ++level) {
      if (!same_bits(now[level], before_[level])) {
        moved[level].push_back(report.step);
      }
    }
    before_ = now;
  }
  void on_epoch(const EpochReport& report) override { epochs.push_back(report); }

  std::vector<StepReport> steps;
  std::vector<EpochReport> epochs;
  /// Steps after which W1, W2 and A were other ones.
  std::array<std::vector<int64_t>, 3> moved;

 private:
  std::array<TensorList, 3> values() const {
    return {clone(loop_.weights1().parameters()),
            loop_.weights2() != nullptr ? clone(loop_.weights2()->parameters()) : TensorList{},
            clone(loop_.networks().architecture()->tensors())};
  }

  SearchLoop& loop_;
  std::array<TensorList, 3> before_;
};

/// Asks to stop after some steps.
class Stopper : public SearchObserver {
 public:
  explicit Stopper(int64_t steps) : steps_(steps) {}
  void on_step(const StepReport& /*report*/) override { --steps_; }
  bool wants_stop() const override { return steps_ == 0; }

 private:
  int64_t steps_;
};

}  // namespace sanas
