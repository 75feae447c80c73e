// SPDX-License-Identifier: Apache-2.0
#include "supernet/path_regularizer.h"

#include <cmath>

namespace sanas {
namespace {

bool is_convolution(Primitive primitive) {
  return primitive != Primitive::kNone && primitive != Primitive::kSkipConnect &&
         primitive != Primitive::kNoise && !is_pooling(primitive);
}

template <typename Predicate>
torch::Tensor indicator(const EdgeCandidates& cell, Predicate belongs) {
  const auto edges = static_cast<int64_t>(cell.size());
  const auto operations = static_cast<int64_t>(cell.front().size());
  auto result = torch::zeros({edges, operations}, torch::kDouble);
  auto member = result.accessor<double, 2>();
  for (int64_t e = 0; e < edges; ++e) {
    for (int64_t k = 0; k < operations; ++k) {
      member[e][k] = belongs(cell[static_cast<size_t>(e)][static_cast<size_t>(k)]) ? 1.0 : 0.0;
    }
  }
  return result;
}

/// Mean of `values` where `selected` is 1; 0 where it is 1 nowhere.
torch::Tensor selected_mean(const torch::Tensor& values, const torch::Tensor& selected) {
  return (values * selected).sum() / selected.sum().clamp_min(1.0);
}

}  // namespace

torch::Tensor gate_probability(const torch::Tensor& alphas, double temperature,
                               const PrdartsOptions& options) {
  const double shift = temperature * std::log(-options.stretch_low / options.stretch_high);
  return (alphas - shift).sigmoid();
}

PathRegularizer::PathRegularizer(const SearchSpace& space, const PrdartsOptions& options)
    : options_(options), normal_(make_groups(space.normal)), reduce_(make_groups(space.reduce)) {
  std::vector<int64_t> chain;
  for (int node = 0; node < space.topology.nodes; ++node) {
    chain.push_back(space.topology.first_edge(node) + node + 1);
  }
  chain_ = torch::tensor(chain, torch::kInt64);
}

PathRegularizer::Groups PathRegularizer::make_groups(const EdgeCandidates& cell) {
  const auto is_skip = [](Primitive p) { return p == Primitive::kSkipConnect; };
  return {indicator(cell, is_skip), indicator(cell, is_pooling),
          indicator(cell, [&](Primitive p) { return !is_skip(p) && !is_pooling(p); }),
          indicator(cell, is_convolution)};
}

torch::Tensor PathRegularizer::operator()(const torch::Tensor& alphas_normal,
                                          const torch::Tensor& alphas_reduce,
                                          const torch::Tensor& mask_normal,
                                          const torch::Tensor& mask_reduce,
                                          double temperature) const {
  // Tables of a few hundred numbers: the host is the fastest place for them.
  const auto host = alphas_normal.options().device(torch::kCPU).requires_grad(false);
  const torch::Tensor q[2] = {gate_probability(alphas_normal.cpu(), temperature, options_),
                              gate_probability(alphas_reduce.cpu(), temperature, options_)};
  const torch::Tensor mask[2] = {mask_normal.to(host), mask_reduce.to(host)};
  const auto penalty = [&](torch::Tensor Groups::*group) {
    const auto normal = selected_mean(q[0], mask[0] * (normal_.*group).to(host));
    const auto reduce = selected_mean(q[1], mask[1] * (reduce_.*group).to(host));
    return (0.5 * normal + 0.5 * reduce - options_.penalty_threshold).clamp_min(0.0);
  };
  const auto path = 0.5 * (depth(q[0], mask[0] * normal_.convolutions.to(host)) +
                           depth(q[1], mask[1] * reduce_.convolutions.to(host)));
  const auto result =
      options_.skip_penalty * penalty(&Groups::skips) +
      options_.group_penalty * (penalty(&Groups::others) + penalty(&Groups::pooling)) -
      options_.depth_reward * path;
  return result.to(alphas_normal.device());
}

torch::Tensor PathRegularizer::depth(const torch::Tensor& probability,
                                     const torch::Tensor& convolutions) const {
  const auto selected = convolutions.index_select(0, chain_);
  const auto count = selected.sum(1);
  const auto mean = (probability.index_select(0, chain_) * selected).sum(1) / count.clamp_min(1.0);
  const auto along_chain = mean.index({count > 0});
  return along_chain.numel() > 0 ? along_chain.prod() : mean.sum() * 0.0;
}

}  // namespace sanas
