// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sanas/nn/eval_network.h"
#include "sanas/optim/nonfinite.h"
#include "sanas/optim/optimizers.h"
#include "sanas/optim/schedule.h"

namespace sanas {

/// Which images a trained network is tested on: the data set's test images, or training images that
/// were held out.
enum class TestImages { kTest, kHoldout };

std::string to_string(TestImages images);

/// How a discrete network is trained (darts-family §5.5, §5.6). Defaults: DARTS on CIFAR.
struct EvaluationOptions {
  uint64_t seed = 0;
  int64_t channels = 36;
  int64_t cells = 20;
  int64_t epochs = 600;
  int64_t batch_size = 96;
  /// Stop after that many mini-batches; 0: no limit.
  int64_t max_steps = 0;
  /// Every how many mini-batches a step is reported to the observers.
  int64_t report_every = 50;
  double learning_rate = 0.025;
  double min_learning_rate = 0.0;
  double momentum = 0.9;
  double weight_decay = 3e-4;
  bool nesterov = false;
  /// Largest norm of all gradients together; 0: no limit.
  double gradient_clip = 5.0;
  /// Weight of the auxiliary head's loss; 0: no auxiliary head.
  double auxiliary_weight = 0.4;
  AuxiliaryVariant auxiliary_variant = AuxiliaryVariant::kDarts;
  /// Drop-path probability that the last epochs approach.
  double drop_path = 0.2;
  /// Side of the square that cutout erases; 0: no cutout.
  int64_t cutout = 16;
  double label_smoothing = 0.0;
  Schedule schedule = Schedule::kCosine;
  int64_t warm_up_epochs = 0;
  WarmUpBase warm_up_base = WarmUpBase::kScheduled;
  /// Test after every epoch, not only at the end.
  bool test_each_epoch = false;
  TestImages test_on = TestImages::kTest;
  NonFinitePolicy on_nonfinite = NonFinitePolicy::kStop;
};

}  // namespace sanas
