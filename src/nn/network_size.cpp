// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/network_size.h"

#include "sanas/core/random.h"

namespace sanas {

NetworkSize measure_network(const Genotype& genotype, EvalNetworkOptions options,
                            int64_t image_size, CountingRule rule) {
  const ScopedRandomState random;  // building a network draws its weights
  options.auxiliary = true;
  EvalNetwork network(genotype, options);
  network.eval();
  NetworkSize size;
  size.parameters = count_parameters(network, false);
  size.parameters_with_auxiliary = count_parameters(network, true);
  size.macs = count_macs(
      [&] {
        network.forward(torch::zeros({1, 3, image_size, image_size}));
      },
      rule);
  return size;
}

}  // namespace sanas
