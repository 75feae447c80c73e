// SPDX-License-Identifier: Apache-2.0
#include "sanas/attack/pgd.h"

#include <torch/nn/functional/loss.h>

#include <sstream>

#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

using torch::Tensor;

Tensor per_image(const Tensor& values) { return values.view({-1, 1, 1, 1}); }

Tensor length_per_image(const Tensor& delta) { return per_image(delta.flatten(1).norm(2, 1)); }

}  // namespace

void check_pixel_range(const Tensor& images) {
  constexpr double kRounding = 1e-5;
  const auto range = to_host({images.min(), images.max()});
  const double low = range[0];
  const double high = range[1];
  if (!(low >= -kRounding && high <= 1.0 + kRounding)) {
    std::ostringstream message;
    message << "the attack expects raw pixels in [0, 1], but they range from " << low << " to "
            << high << "; normalisation belongs into the network";
    throw DataError(message.str());
  }
}

namespace {

/// Shorter gradients have no direction.
constexpr double kZeroLength = 1e-12;

/// The direction of steepest ascent per unit of length in the ball's norm.
Tensor steepest(const Tensor& gradient, AttackNorm norm) {
  if (norm == AttackNorm::kLinf) {
    // The sign of NaN would be 0: the difference keeps what is not finite from being hidden.
    return gradient.sign() + (gradient - gradient);
  }
  const Tensor length = length_per_image(gradient);
  const Tensor has_none = length < kZeroLength;
  return (gradient / length.masked_fill(has_none, 1.0)).masked_fill(has_none, 0.0);
}

/// The loop of the author's later code (method §4.1): x + δ is kept in [0, 1] for the next
/// gradient, but the δ that it returns is the one before.
template <typename Ascent>
Tensor attack_with_clipped_iterates(const Tensor& images, const Tensor& start,
                                    const AttackOptions& options, const Ascent& ascent) {
  Tensor delta = start;
  Tensor position = images + start;
  for (int64_t step = 0; step < options.steps; ++step) {
    position = position + options.step_size * steepest(ascent(position - images), options.norm);
    delta = (position - images).clamp(-options.epsilon, options.epsilon);
    position = (images + delta).clamp(0.0, 1.0);
  }
  return delta;
}

}  // namespace

std::string to_string(AttackLoss loss) {
  switch (loss) {
    case AttackLoss::kSoft:
      return "soft";
    case AttackLoss::kLabel:
      return "label";
    case AttackLoss::kPseudo:
      return "pseudo";
  }
  return {};
}

std::string to_string(AttackSpace space) {
  return space == AttackSpace::kPixels ? "pixels" : "normalized";
}

std::string to_string(AttackJacobian jacobian) {
  return jacobian == AttackJacobian::kExact ? "exact" : "straight_through";
}

std::string to_string(AttackNorm norm) { return norm == AttackNorm::kLinf ? "linf" : "l2"; }

Tensor attack_target(const Classifier& classifier, const Tensor& images, const Tensor& labels,
                     const AttackOptions& options) {
  if (options.loss == AttackLoss::kLabel) {
    return labels;
  }
  const bool constant = options.detach_target || options.loss == AttackLoss::kPseudo;
  const torch::AutoGradMode mode(!constant && torch::GradMode::is_enabled());
  const Tensor clean = classifier(images);
  return options.loss == AttackLoss::kPseudo ? clean.argmax(1) : clean.softmax(1);
}

Tensor attack_loss(const Tensor& logits, const Tensor& target) {
  if (!target.is_floating_point()) {
    return torch::nn::functional::cross_entropy(
        logits, target, torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kSum));
  }
  return -(target * logits.log_softmax(1)).sum();
}

Tensor attack_objective(const Classifier& classifier, const Tensor& images, const Tensor& labels,
                        const Tensor& delta, const AttackOptions& options) {
  const Tensor target = attack_target(classifier, images, labels, options);
  return attack_loss(classifier(images + delta), target);
}

Tensor project_perturbation(const Tensor& delta, const Tensor& images,
                            const AttackOptions& options) {
  Tensor inside = delta;
  if (options.norm == AttackNorm::kLinf) {
    inside = delta.clamp(-options.epsilon, options.epsilon);
  } else {
    inside = delta * (options.epsilon / length_per_image(delta).clamp_min(1e-12)).clamp_max(1.0);
  }
  // Only shortens components, so δ stays in the ball.
  return torch::maximum(torch::minimum(inside, (1.0 - images).clamp_min(0.0)),
                        (-images).clamp_max(0.0));
}

Tensor initial_perturbation(const Tensor& images, const AttackOptions& options) {
  if (!options.random_start) {
    return torch::zeros_like(images);
  }
  if (options.space == AttackSpace::kNormalized) {
    return torch::empty_like(images).uniform_(-options.epsilon, options.epsilon);
  }
  if (options.norm == AttackNorm::kLinf) {
    return project_perturbation(
        torch::empty_like(images).uniform_(-options.epsilon, options.epsilon), images, options);
  }
  // Uniform in the l2 ball of dimension d: a Gaussian direction, and a radius r^(1/d).
  const auto direction = torch::randn_like(images);
  const double dimension = static_cast<double>(images[0].numel());
  const auto radius = torch::rand({images.size(0), 1, 1, 1}, images.options()).pow(1.0 / dimension);
  return project_perturbation(direction * (options.epsilon * radius / length_per_image(direction)),
                              images, options);
}

Tensor attack_step(const Tensor& delta, const Tensor& gradient, const Tensor& images,
                   const AttackOptions& options) {
  return project_perturbation(delta + options.step_size * steepest(gradient, options.norm), images,
                              options);
}

Tensor count_unmoved(const Tensor& delta, const Tensor& start) {
  return (delta == start).flatten(1).all(1).sum();
}

Tensor attack(const Classifier& classifier, const Tensor& images, const Tensor& labels,
              const Tensor& start, const AttackOptions& options) {
  if (options.space == AttackSpace::kPixels) {
    check_pixel_range(images);
  }
  const ScopedRandomState random;
  // The clean prediction doesn't depend on δ: one pass serves all steps.
  const Tensor target = [&] {
    const torch::NoGradGuard no_grad;
    return attack_target(classifier, images, labels, options);
  }();
  const auto ascent = [&](const Tensor& delta) {
    const torch::AutoGradMode with_gradients(true);
    const Tensor variable = delta.detach().requires_grad_(true);
    return gradients_of(attack_loss(classifier(images + variable), target), {variable}).front();
  };
  Tensor delta = start.detach();
  if (options.steps == 0) {
    for (int64_t step = 0; step < options.delta_steps; ++step) {
      delta = delta + options.delta_step_size * ascent(delta);
    }
    return delta;
  }
  if (options.space == AttackSpace::kNormalized) {
    return attack_with_clipped_iterates(images, delta, options, ascent);
  }
  for (int64_t step = 0; step < options.steps; ++step) {
    delta = attack_step(delta, ascent(delta), images, options);
  }
  return delta;
}

}  // namespace sanas
