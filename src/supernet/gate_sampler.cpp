// SPDX-License-Identifier: Apache-2.0
#include "supernet/gate_sampler.h"

namespace sanas {

GateSampler::GateSampler(const PrdartsOptions& options, std::shared_ptr<GateNoise> noise)
    : options_(options), noise_(std::move(noise)) {}

GateSample GateSampler::sample(const torch::Tensor& alphas, double temperature) {
  // Which operations are used decides what is computed, so the host has to know it in any case. The
  // order of equal gates is that of topk on the CPU (darts-family §9.2).
  const auto on_host = alphas.to(torch::kCPU);
  torch::Tensor gate = draw_gate(on_host, temperature);
  torch::Tensor mask;
  if (options_.gate_dropout > 0.0) {
    const auto dropped = noise_->dropped(on_host.detach(), options_.gate_dropout);
    mask = choose(gate.detach() - dropped, /*permute=*/true);
  } else {
    // All gates closed at once is next to impossible; a bound keeps broken alphas from hanging
    // here.
    constexpr int kMostDraws = 100;
    for (int draw = 1; draw < kMostDraws && gate.sum().item<double>() <= 0.0; ++draw) {
      gate = draw_gate(on_host, temperature);
    }
    const bool tied = ((gate.detach() == 1.0).sum(-1) >= 2).any().item<bool>();
    mask = choose(gate.detach(), tied);
  }
  return {mask, mask - gate.detach() + gate};
}

torch::Tensor GateSampler::draw_gate(const torch::Tensor& alphas, double temperature) {
  const auto u = noise_->uniform(alphas.detach());
  const auto s = (alphas + u.log() - torch::log1p(-u)) / temperature;
  const double width = options_.stretch_high - options_.stretch_low;
  return (s.sigmoid() * width + options_.stretch_low).clamp(0.0, 1.0);
}

torch::Tensor GateSampler::choose(const torch::Tensor& scores, bool permute) {
  const int64_t k = options_.sampled_operations;
  torch::Tensor columns;
  if (permute) {
    const auto permutation = noise_->permutation(scores.size(1));
    const auto ranked = std::get<1>(scores.index_select(1, permutation).topk(k, 1));
    columns = permutation.index({ranked});
  } else {
    columns = std::get<1>(scores.topk(k, 1));
  }
  return torch::zeros_like(scores).scatter_(1, columns, 1.0);
}

}  // namespace sanas
