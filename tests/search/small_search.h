// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "sanas/core/device.h"
#include "sanas/core/random.h"
#include "sanas/optim/metrics.h"
#include "sanas/search/architect.h"
#include "supernet/search_support.h"

namespace sanas {

inline bool same_bits(const torch::Tensor& a, const torch::Tensor& b) {
  const auto x = a.detach().cpu().contiguous();
  const auto y = b.detach().cpu().contiguous();
  return x.sizes() == y.sizes() && x.scalar_type() == y.scalar_type() &&
         (x.numel() == 0 || std::memcmp(x.data_ptr(), y.data_ptr(), x.nbytes()) == 0);
}

inline bool same_bits(const TensorList& a, const TensorList& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return same_bits(x, y); });
}

/// ‖a − b‖ / ‖b‖.
inline double relative_error(const TensorList& a, const TensorList& b) {
  return norm(add(a, b, -1.0)) / norm(b);
}

/// Copies of tensors by name.
using Snapshot = std::map<std::string, torch::Tensor>;

inline void expect_same_bits(const Snapshot& after, const Snapshot& before) {
  ASSERT_EQ(after.size(), before.size());
  for (const auto& [name, tensor] : before) {
    EXPECT_TRUE(same_bits(after.at(name), tensor)) << name << " has changed";
  }
}

inline void append(Snapshot& to, const std::string& prefix, const TensorList& tensors) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    to[prefix + std::to_string(i)] = tensors[i].detach().clone();
  }
}

/// Weights, running statistics and training modes of a network.
inline void append(Snapshot& to, const std::string& prefix, const Supernet& net) {
  append(to, prefix + "weight ", net.parameters());
  append(to, prefix + "buffer ", net.buffers());
  TensorList modes;
  for (const auto& module : net.modules(/*include_self=*/false)) {
    modes.push_back(torch::tensor(module->is_training()));
  }
  modes.push_back(torch::tensor(net.is_training()));
  append(to, prefix + "mode ", modes);
}

/// What a search consists of; of W2 where there is one.
inline Snapshot snapshot_of(const SearchNetworks& networks, const WeightOptimizer& weights1,
                            const WeightOptimizer* weights2,
                            const TensorList& architecture_optimizer) {
  Snapshot result;
  append(result, "W1 ", *networks.net1);
  append(result, "W1 momentum ", weights1.momentum_buffers());
  if (weights2 != nullptr) {
    append(result, "W2 ", *networks.net2);
    append(result, "W2 momentum ", weights2->momentum_buffers());
  }
  append(result, "A ", networks.architecture()->tensors());
  append(result, "A optimizer ", architecture_optimizer);
  return result;
}

/// Networks that take milliseconds: 1 node (4 in the spaces of fixed size), 4 channels, 3 cells.
inline SupernetChoice tiny_choice(const std::string& family, const std::string& space = "darts") {
  auto choice = choice_of(family, space);
  choice.nodes = space == "darts" ? 1 : 4;
  choice.options.channels = 4;
  choice.options.cells = 3;
  choice.pdarts.skip_dropout = {0.3, 0.4, 0.7};
  return choice;
}

/// W1, W2 and A of a tiny search in double, with optimizers that have made one step.
class SmallSearch {
 public:
  explicit SmallSearch(const SupernetChoice& choice, int64_t examples = 2)
      : networks(make_networks(choice)),
        train(batch(examples, 0.0)),
        validation(batch(examples, 1.0)),
        weights1(networks.net1->parameters(), {}),
        weights2(networks.net2->parameters(), {}),
        architecture(networks.architecture()->tensors(), {}) {
    configure_device(test_device(), 1, /*deterministic=*/true);
    attack.steps = 2;
    const FrozenRandomness frozen(3);
    for (auto* weights : {&weights1, &weights2}) {
      Supernet& net = weights == &weights1 ? *networks.net1 : *networks.net2;
      weights->step(gradients_of(cross_entropy(net.forward(train.images), train.labels),
                                 weights->parameters()));
    }
    architecture.step(clone(networks.architecture()->tensors()));
  }

  std::unique_ptr<Architect> plain() const {
    return std::make_unique<PlainArchitect>(networks, weights1, options);
  }

  SanasArchitect sanas() const {
    SearchOptions search;
    search.hypergradient = options;
    search.attack = attack;
    search.reweighting = reweighting;
    return {networks, weights1, weights2, search};
  }

  Hypergradient sanas_gradient(uint64_t seed = 7) const {
    return sanas().gradient(train, validation, seed, /*split_terms=*/true);
  }

  Snapshot snapshot() const {
    auto result = snapshot_of(networks, weights1, &weights2, architecture.state());
    result["generator"] = at::detail::getDefaultCPUGenerator().get_state().clone();
    return result;
  }

  SearchNetworks networks;
  Batch train;
  Batch validation;
  WeightOptimizer weights1;
  WeightOptimizer weights2;
  ArchitectureOptimizer architecture;
  HypergradientOptions options;
  AttackOptions attack;
  Reweighting reweighting = Reweighting::kDelta;

 private:
  static SearchNetworks make_networks(const SupernetChoice& choice) {
    const FrozenRandomness frozen(1);
    const auto architecture = make_architecture(choice, 0.5);
    architecture->to(test_device(), torch::kDouble);
    SearchNetworks result;
    for (auto* net : {&result.net1, &result.net2}) {
      *net = make_supernet(choice, architecture);
      (*net)->to(test_device(), torch::kDouble);
    }
    return result;
  }

  /// The input rule of darts-family §13, squeezed into [0, 1].
  static Batch batch(int64_t examples, double phi) {
    const auto index = torch::arange(examples, torch::kInt64);
    const auto images = (input_pattern({examples, 3, 8, 8}, phi) + 1.5) / 3.0;
    return {images.to(test_device()), ((3 * index + 1) % 10).to(test_device()), index};
  }
};

}  // namespace sanas
