// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/perturbation_store.h"

namespace sanas {

torch::Tensor PerturbationStore::start(const Batch& batch) const {
  torch::Tensor start = initial_perturbation(batch.images, attack_);
  if (kept_.empty()) {
    return start;
  }
  for (int64_t i = 0; i < batch.size(); ++i) {
    const auto found = kept_.find(batch.indices[i].item<int64_t>());
    if (found != kept_.end()) {
      start[i].copy_(found->second);
    }
  }
  return attack_.space == AttackSpace::kPixels ? project_perturbation(start, batch.images, attack_)
                                               : start;
}

void PerturbationStore::keep(const Batch& batch, const torch::Tensor& delta) {
  if (!keep_) {
    return;
  }
  const torch::Tensor values = delta.detach().to(torch::kCPU);
  for (int64_t i = 0; i < batch.size(); ++i) {
    kept_[batch.indices[i].item<int64_t>()] = values[i].clone();
  }
}

std::pair<torch::Tensor, torch::Tensor> PerturbationStore::state() const {
  std::vector<int64_t> samples;
  std::vector<torch::Tensor> deltas;
  for (const auto& [sample, delta] : kept_) {
    samples.push_back(sample);
    deltas.push_back(delta);
  }
  return {torch::tensor(samples, torch::kInt64),
          deltas.empty() ? torch::empty({0}) : torch::stack(deltas)};
}

void PerturbationStore::set_state(const torch::Tensor& samples, const torch::Tensor& deltas) {
  kept_.clear();
  for (int64_t i = 0; i < samples.size(0); ++i) {
    kept_[samples[i].item<int64_t>()] = deltas[i].clone();
  }
}

}  // namespace sanas
