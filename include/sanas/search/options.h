// SPDX-License-Identifier: Apache-2.0
#pragma once

// The options of a search: hypergradient, attack, optimizers and epochs.

#include <cstdint>
#include <optional>
#include <string>

#include "sanas/attack/pgd.h"
#include "sanas/attack/reweighting.h"
#include "sanas/core/autocast.h"
#include "sanas/data/endless_batches.h"
#include "sanas/optim/nonfinite.h"
#include "sanas/optim/optimizers.h"
#include "sanas/search/early_stopping.h"
#include "sanas/search/terms.h"

namespace sanas {

/// Whose objective the architecture minimises: the four-level one of SANAS, or the validation loss
/// of one network as in plain DARTS and its relatives.
enum class SearchMethod { kSanas, kPlain };

/// First order: the partial derivative at the current weights. Second order: through the updates.
enum class HypergradientOrder { kFirst, kSecond };

/// How a product "second derivative times vector" is taken (method §3.2).
enum class SecondOrderApproximation {
  /// (∇F(X + αv) − ∇F(X − αv)) / 2α.
  kFiniteDifference,
  /// The four-point difference of fourth order.
  kCentral4,
  /// Double backward: exact up to rounding.
  kExact,
};

/// How a change of A reaches a level's solution (method §3.1, §4.2): through the gradient step that
/// stands for it, as in the supplement; or by the implicit function theorem with the identity for
/// the inverse Hessian, at the updated variables and without a step size, as in the author's later
/// code.
enum class ImplicitDerivative { kUnrolled, kIdentity };

/// Mean or sum over the batch of the stage III loss (supplement eq. 3 sums).
enum class Stage3Reduction { kMean, kSum };

std::string to_string(SearchMethod method);
std::string to_string(HypergradientOrder order);
std::string to_string(SecondOrderApproximation approximation);
std::string to_string(ImplicitDerivative implicit);
std::string to_string(Stage3Reduction reduction);

/// Gradient steps by which each inner problem is solved approximately.
struct InnerSteps {
  int64_t weights1 = 1;
  /// Of eq. 2; where PGD takes its place (AttackOptions::steps), only its Jacobian counts, once.
  int64_t delta = 1;
  int64_t weights2 = 1;
};

struct HypergradientOptions {
  HypergradientOrder order = HypergradientOrder::kSecond;
  /// Measured in docs/mathematics.md: differences cost hardly less, and the terms by themselves are
  /// lost in the jumps of the gradient at every radius.
  SecondOrderApproximation approximation = SecondOrderApproximation::kExact;
  /// r in α = r/‖v‖, for differences.
  double finite_difference_radius = 0.01;
  /// Take the products for I1 and I4 together, which saves two passes (method §3.2).
  bool shared_passes = true;
  /// Weight of the validation loss of W1 in stage IV.
  double gamma = 1.0;
  /// ξ of the virtual weight steps; unset: the weights' current learning rate.
  std::optional<double> weight1_step_size;
  std::optional<double> weight2_step_size;
  /// ξ_δ of supplement eq. 2.
  double delta_step_size = 2.0 / 255.0;
  /// Whether the virtual steps carry SGD's momentum buffer and weight decay (method §3.3).
  bool virtual_momentum = true;
  bool virtual_weight_decay = true;
  ImplicitDerivative implicit = ImplicitDerivative::kUnrolled;
  Stage3Reduction stage3_reduction = Stage3Reduction::kMean;
  InnerSteps inner_steps;
  /// Which terms are added up.
  PerTerm<bool> terms{true};
};

/// What is updated first where a mini-batch updates both: the architecture (DARTS and most others),
/// or W1 and W2, so that the architecture follows the new weights (PR-DARTS, darts-family §9.4).
enum class UpdateOrder { kArchitectureFirst, kWeightsFirst };

std::string to_string(UpdateOrder order);

/// Every how many mini-batches each level is updated (supplement §A.4).
struct UpdateSchedule {
  int64_t weights1 = 1;
  int64_t weights2 = 3;
  int64_t architecture = 5;

  bool updates_weights1(int64_t step) const { return step % weights1 == 0; }
  bool updates_weights2(int64_t step) const { return step % weights2 == 0; }
  bool updates_architecture(int64_t step) const { return step % architecture == 0; }
};

/// Everything that a search needs to know besides the networks and the data.
struct SearchOptions {
  SearchMethod method = SearchMethod::kSanas;
  uint64_t seed = 2;
  /// Which stage of a progressive search this is: each has random draws of its own.
  int64_t stage = 0;
  int64_t epochs = 50;
  int64_t batch_size = 64;
  /// Stop after that many mini-batches (of each stage of P-DARTS); 0: no limit.
  int64_t max_steps = 0;
  /// Every how many mini-batches a step is reported to the observers.
  int64_t report_every = 50;
  WeightOptimizerOptions weights;
  /// Of the updates of W1 and W2, and with kBfloat16 of the attack that belongs to an update of W2.
  /// Hypergradients and their attacks are in float32 whatever it is.
  Precision precision = Precision::kFloat32;
  ArchitectureOptimizerOptions architecture;
  UpdateSchedule update_every;
  UpdateOrder update_order = UpdateOrder::kArchitectureFirst;
  HypergradientOptions hypergradient;
  /// Of these, the step of eq. 2 is that of `hypergradient` (see attack_of).
  AttackOptions attack;
  /// Epochs in which W2 learns from plain images and no path leads through δ.
  int64_t attack_start_epoch = 0;
  /// Whether an attack on an image begins where the last one on it ended, instead of anew.
  bool keep_perturbations = false;
  Reweighting reweighting = Reweighting::kDelta;
  WeightNormalization weight_normalization = WeightNormalization::kNone;
  /// Ablation of supplement §F: stages I and II at once, W1 is trained on attacked images. Needs
  /// two networks, trained jointly.
  bool adversarial_weights1 = false;
  /// Ablation: the stages one after the other instead of jointly. In the first half of the epochs A
  /// follows the validation loss of W1 alone; then W1 stands still, W2 learns from its saliency,
  /// and A follows the validation loss of W2, with no path through W1 or δ. Needs two networks.
  bool sequential_stages = false;
  ArchitectureBatches architecture_batches = ArchitectureBatches::kPersistent;
  /// Measure the accuracy on the validation half every so many epochs; 0: never.
  int64_t validate_every = 1;
  /// Images that the accuracy on the validation half is measured on at a time; unset: as many as
  /// suit the network's memory (inference_batch_size). Where batch norm takes its statistics from
  /// the batch, as in PR-DARTS, the accuracy depends on it.
  std::optional<int64_t> validation_batch_size;
  EigenvalueOptions eigenvalue;
  NonFinitePolicy on_nonfinite = NonFinitePolicy::kStop;
};

/// Throws ConfigError where the exact derivative of an attack is asked for that has none.
void validate_jacobian(const AttackOptions& attack);

/// Throws ConfigError, naming the keys of a configuration, for settings that contradict each other.
void validate(const SearchOptions& options);

/// The attack of a search: `options.attack` with the steps and step size of eq. 2 that the
/// hypergradient has, so that A, W1 and W2 see the same.
AttackOptions attack_of(const SearchOptions& options);

}  // namespace sanas
