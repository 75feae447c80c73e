// SPDX-License-Identifier: Apache-2.0
#pragma once

// Computes the gradient of the architecture for one pair of batches: plain or with the four levels.

#include <memory>

#include "sanas/data/batch.h"
#include "sanas/optim/optimizers.h"
#include "sanas/search/hypergradient.h"
#include "sanas/search/networks.h"
#include "sanas/search/perturbation_store.h"

namespace sanas {

/// Computes the gradient of the architecture for one training and one validation batch. Leaves all
/// weights, buffers, optimizer states and generators bit for bit as they were.
class Architect {
 public:
  virtual ~Architect() = default;

  /// @param train,validation batches of raw pixels on the networks' device.
  /// @param seed decides every random draw of the step (attack start, dropout, gates, noise).
  /// @param split_terms see four_level_hypergradient.
  virtual Hypergradient gradient(const Batch& train, const Batch& validation, uint64_t seed,
                                 bool split_terms) = 0;

  /// Sets what depends on the epoch before the epoch begins.
  virtual void start_epoch(int64_t /*epoch*/) {}
};

/// Plain DARTS and its relatives: first order, or second order through one virtual weight step.
class PlainArchitect : public Architect {
 public:
  PlainArchitect(const SearchNetworks& networks, const WeightOptimizer& weights,
                 const HypergradientOptions& options);
  Hypergradient gradient(const Batch& train, const Batch& validation, uint64_t seed,
                         bool split_terms) override;

 private:
  const SearchNetworks& networks_;
  const WeightOptimizer& weights_;
  HypergradientOptions options_;
};

/// SANAS: the four-level hypergradient, or its direct terms in first order. With
/// SearchOptions::sequential_stages that of the second half, in which W1 stands still.
class SanasArchitect : public Architect {
 public:
  /// @param perturbations where attacks begin; null: anew each time.
  SanasArchitect(const SearchNetworks& networks, const WeightOptimizer& weights1,
                 const WeightOptimizer& weights2, const SearchOptions& options,
                 const PerturbationStore* perturbations = nullptr);
  Hypergradient gradient(const Batch& train, const Batch& validation, uint64_t seed,
                         bool split_terms) override;
  /// No attack before SearchOptions::attack_start_epoch.
  void start_epoch(int64_t epoch) override;

  /// The same with the attack's start given, and without the family's own regularisation of A.
  /// @param delta N×3×H×W. @param regularization gets the gradient of that, if there is any.
  Hypergradient gradient_from(const Batch& train, const Batch& validation,
                              const torch::Tensor& delta, uint64_t seed, bool split_terms,
                              TensorList* regularization = nullptr);

  /// The four levels as functions, for the given batches and Δ's start.
  FourLevelProblem problem(const Batch& train, const Batch& validation, const torch::Tensor& delta,
                           uint64_t seed) const;

 private:
  Classifier classifier(Supernet& net, uint64_t seed) const {
    return frozen_classifier(net, networks_.normalization, seed);
  }
  /// δ of an attack on W1 and A as they are.
  torch::Tensor attack_on(const Classifier& classifier, const Batch& batch,
                          const torch::Tensor& start) const;

  const SearchNetworks& networks_;
  const WeightOptimizer& weights1_;
  const WeightOptimizer& weights2_;
  SearchOptions options_;
  const PerturbationStore* perturbations_;
  bool attacks_ = true;
};

/// The architect that `options` asks for. All arguments have to outlive it; `weights2` is null in a
/// plain search.
std::unique_ptr<Architect> make_architect(const SearchOptions& options,
                                          const SearchNetworks& networks,
                                          const WeightOptimizer& weights1,
                                          const WeightOptimizer* weights2,
                                          const PerturbationStore* perturbations = nullptr);

}  // namespace sanas
