// SPDX-License-Identifier: Apache-2.0
// The size of a published network: darts-family §11.
#include <sanas/nn/network_size.h>

int main() {
  const auto size = sanas::measure_network(sanas::load_genotype("DARTS_V2"), {}, 32);
  return size.parameters == 3349342 && size.macs == 528359040 ? 0 : 1;
}
