// SPDX-License-Identifier: Apache-2.0
#pragma once

// Projected gradient descent and the other attacks of the paper: from images and a classifier to a
// perturbation of each image.

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace sanas {

/// What the attack maximises (method §2.2): the cross-entropy against the network's own prediction
/// on the clean image, against the true label, or against the network's most likely class.
enum class AttackLoss { kSoft, kLabel, kPseudo };

/// The ball that a perturbation stays in: largest absolute component, or Euclidean length per
/// image.
enum class AttackNorm { kLinf, kL2 };

/// Where an attack lives: in raw pixels, the network normalising behind it, or in normalised
/// values as in the author's later code (method §4.1, §4.4), where neither ε nor the limits 0 and 1
/// mean what they say. The latter exists to be compared with.
enum class AttackSpace { kPixels, kNormalized };

/// What the derivative of a perturbation is for the hypergradient (docs/mathematics.md). Signed
/// steps have none: straight through is that of one step of eq. 2 at the start, as in the
/// supplement. Of normalised steps (l2) it is exact: back through box, ball and normalisation of
/// each step.
enum class AttackJacobian { kStraightThrough, kExact };

std::string to_string(AttackSpace space);
std::string to_string(AttackLoss loss);
std::string to_string(AttackNorm norm);
std::string to_string(AttackJacobian jacobian);

/// Projected gradient descent (Madry et al.) as in the supplement's Table 7. All lengths are in raw
/// pixels, whose range is [0, 1].
struct AttackOptions {
  AttackSpace space = AttackSpace::kPixels;
  AttackNorm norm = AttackNorm::kLinf;
  /// Signed (l∞) or normalised (l2) ascent steps. 0: un-signed, un-projected steps of length
  /// `delta_step_size` as in supplement eq. 2.
  int64_t steps = 7;
  /// Radius of the ball.
  double epsilon = 8.0 / 255.0;
  /// Length of a step in the ball's norm.
  double step_size = 2.0 / 255.0;
  /// Start from a uniform random point of the ball instead of zero. The soft loss needs it: its
  /// gradient vanishes at zero.
  bool random_start = true;
  AttackLoss loss = AttackLoss::kSoft;
  /// Treat the clean prediction of the soft loss as a constant. Changes no perturbation, but the
  /// hypergradient.
  bool detach_target = false;
  /// Where `steps` is not 0; exact is for l2 in pixels only.
  AttackJacobian jacobian = AttackJacobian::kStraightThrough;
  /// ξ_δ: the step size of eq. 2, also for its Jacobian when the values come from PGD.
  double delta_step_size = 2.0 / 255.0;
  /// Steps of eq. 2 where `steps` is 0.
  int64_t delta_steps = 1;

  /// Forward-backward passes that an attack takes.
  int64_t passes() const { return steps > 0 ? steps : delta_steps; }
  /// Whether the hypergradient goes back through all steps of PGD.
  bool is_differentiated() const { return steps > 0 && jacobian == AttackJacobian::kExact; }
};

/// From pixels N×3×H×W in [0, 1] to logits N×K.
using Classifier = std::function<torch::Tensor(const torch::Tensor& pixels)>;

/// What the prediction on the perturbed image is compared with: class probabilities N×K of the
/// clean image (soft), its most likely classes (pseudo), or `labels` themselves.
torch::Tensor attack_target(const Classifier& classifier, const torch::Tensor& images,
                            const torch::Tensor& labels, const AttackOptions& options);

/// Cross-entropy of logits N×K against probabilities N×K or classes N, summed over the examples.
torch::Tensor attack_loss(const torch::Tensor& logits, const torch::Tensor& target);

/// The objective of stage II, summed over the examples (supplement §B):
/// Σ_i ℓ(f(x_i + δ_i), f(x_i)), or with the label or the most likely class in place of f(x_i).
/// Differentiable in `delta` and in the weights behind `classifier`.
/// @param labels int64, N; used by AttackLoss::kLabel only.
torch::Tensor attack_objective(const Classifier& classifier, const torch::Tensor& images,
                               const torch::Tensor& labels, const torch::Tensor& delta,
                               const AttackOptions& options);

/// Throws DataError unless all pixels are in [0, 1] but for rounding.
void check_pixel_range(const torch::Tensor& images);

/// The point at which an attack begins: uniform in the ball, or zero. Draws from LibTorch's default
/// generator; x + δ stays in [0, 1].
torch::Tensor initial_perturbation(const torch::Tensor& images, const AttackOptions& options);

/// The perturbation brought into the ball, and then x + δ into [0, 1], where it is still in the
/// ball. For l∞ that is the nearest point of both; for l2 it is in both, but not always the
/// nearest.
torch::Tensor project_perturbation(const torch::Tensor& delta, const torch::Tensor& images,
                                   const AttackOptions& options);

/// A step of the attack from `delta`: by `step_size` along the steepest ascent, into the ball, into
/// [0, 1]. Differentiable in `delta` and in `gradient`, for l2 with the derivative of the
/// normalisation; an image whose gradient is zero stays where it is and has no derivative.
/// @param gradient of the objective at `delta`.
torch::Tensor attack_step(const torch::Tensor& delta, const torch::Tensor& gradient,
                          const torch::Tensor& images, const AttackOptions& options);

/// How many images an attack has left exactly where it began: their gradient is zero, as the
/// network is sure of them. 0-dimensional.
torch::Tensor count_unmoved(const torch::Tensor& delta, const torch::Tensor& start);

/// Maximises the attack objective from `start` by `options.steps` steps, or by the steps of
/// eq. 2. Every iterate of PGD stays in the ball, and x + δ in [0, 1]. The classifier's weights and
/// the default generators are left as they are; buffers are the caller's affair (see
/// FrozenStatistics).
/// @param images N×3×H×W in [0, 1]. Throws DataError for pixels outside by more than rounding.
/// @return δ, detached, in the shape of `images`.
torch::Tensor attack(const Classifier& classifier, const torch::Tensor& images,
                     const torch::Tensor& labels, const torch::Tensor& start,
                     const AttackOptions& options);

}  // namespace sanas
