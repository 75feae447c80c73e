// SPDX-License-Identifier: Apache-2.0
#pragma once

// The options of training and testing a discrete network.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sanas/core/autocast.h"
#include "sanas/nn/eval_network.h"
#include "sanas/optim/nonfinite.h"
#include "sanas/optim/optimizers.h"

namespace sanas {

/// Which images a trained network is tested on: the data set's test images; training images that
/// were held out; or those that a search's architecture learns from, after training on those of its
/// weights alone.
enum class TestImages { kTest, kHoldout, kValidation };

/// Which epoch's network is reported: the last one's, as papers on DARTS do, or the one with the
/// best top-1 on held-out training images, or on the test images (which makes their accuracy too
/// good; the output says so).
enum class Selection { kLast, kValidation, kTest };

/// What a trained network predicts on (supplement §C): the image; the image re-weighted by the
/// saliency that the same network sees in it; or that image by a second network which was trained
/// on such images, the first one giving the saliency.
enum class Inference { kPlain, kReweighted, kTwoNetworks };

std::string to_string(TestImages images);
std::string to_string(Selection selection);
std::string to_string(Inference inference);

/// How a discrete network is trained (darts-family §5.5, §5.6). Defaults: DARTS on CIFAR.
struct EvaluationOptions {
  uint64_t seed = 0;
  /// A state dict that training begins with; empty: random weights.
  std::filesystem::path initial_weights;
  int64_t channels = 36;
  int64_t cells = 20;
  int64_t epochs = 600;
  int64_t batch_size = 96;
  /// Parts of two images or more that a batch is computed in, one after the other; their gradients
  /// are averaged. More parts need less memory. Batch norm takes its statistics from each part.
  int64_t accumulation_steps = 1;
  Precision precision = Precision::kFloat32;
  /// Stop after that many mini-batches; 0: no limit.
  int64_t max_steps = 0;
  /// Every how many mini-batches a step is reported to the observers.
  int64_t report_every = 50;
  WeightOptimizerOptions weights;
  /// Decay per mini-batch of the moving average of the weights that is tested and saved in place of
  /// the weights themselves; 0: none.
  double ema_decay = 0.0;
  /// Weight of the auxiliary head's loss; 0: no auxiliary head.
  double auxiliary_weight = 0.4;
  AuxiliaryVariant auxiliary_variant = AuxiliaryVariant::kDarts;
  /// Drop-path probability that the last epochs approach.
  double drop_path = 0.2;
  /// Side of the square that cutout erases; 0: no cutout.
  int64_t cutout = 16;
  double label_smoothing = 0.0;
  /// Test after every epoch, not only at the end.
  bool test_each_epoch = false;
  TestImages test_on = TestImages::kTest;
  /// Images that are tested at a time; unset: as many as suit the network's memory
  /// (inference_batch_size).
  std::optional<int64_t> test_batch_size;
  /// Test on the first so many images only; 0: on all.
  int64_t test_images = 0;
  Selection selection = Selection::kLast;
  Inference inference = Inference::kPlain;
  /// Predictions of one image each that the latency is measured on after training; 0: none.
  int64_t latency_runs = 0;
  NonFinitePolicy on_nonfinite = NonFinitePolicy::kStop;
};

}  // namespace sanas
