// SPDX-License-Identifier: Apache-2.0
// The skip connections of a genotype that is read from text.
#include <sanas/genotype/genotype.h>

int main() {
  const auto genotype = sanas::parse_genotype(
      "Genotype(normal=[('skip_connect', 0), ('sep_conv_3x3', 1)], normal_concat=[2], "
      "reduce=[('skip_connect', 0), ('skip_connect', 1)], reduce_concat=[2])");
  return sanas::count_skips(genotype.normal) == 1 && sanas::count_skips(genotype.reduce) == 2 ? 0
                                                                                              : 1;
}
