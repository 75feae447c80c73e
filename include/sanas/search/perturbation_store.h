// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "sanas/attack/pgd.h"
#include "sanas/data/batch.h"

namespace sanas {

/// Where the attacks of a search begin: at a random point each time, or, with `keep`, where the
/// last attack on the same image ended (method §2.4: eq. 2 reads as if δ were a state per example).
/// An image that was augmented differently gets the old δ at the old pixels.
class PerturbationStore {
 public:
  PerturbationStore(const AttackOptions& attack, bool keep) : attack_(attack), keep_(keep) {}

  /// N×3×H×W on the batch's device. Draws from LibTorch's default generator, always as much.
  torch::Tensor start(const Batch& batch) const;
  /// Remembers how an attack ended; does nothing without `keep`.
  void keep(const Batch& batch, const torch::Tensor& delta);

  /// Samples (int64, n) and their perturbations (n×3×H×W), to save and to go on.
  std::pair<torch::Tensor, torch::Tensor> state() const;
  void set_state(const torch::Tensor& samples, const torch::Tensor& deltas);

 private:
  AttackOptions attack_;
  bool keep_;
  std::map<int64_t, torch::Tensor> kept_;
};

}  // namespace sanas
