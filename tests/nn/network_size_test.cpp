// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/network_size.h"

#include <gtest/gtest.h>
#include <torch/types.h>

namespace sanas {
namespace {

// Numbers of darts-family §11.
TEST(NetworkSize, OfDartsOnCifar) {
  const auto before = at::detail::getDefaultCPUGenerator().get_state();
  const auto size = measure_network(load_genotype("DARTS_V2"), EvalNetworkOptions{}, 32);
  EXPECT_EQ(size.parameters, 3349342);
  EXPECT_EQ(size.parameters_with_auxiliary, 3349342 + 476426);
  EXPECT_EQ(size.macs, 528359040) << "without the auxiliary head";
  EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), before));
}

TEST(NetworkSize, OfPartialChannelDartsOnImageNet) {
  EvalNetworkOptions options;
  options.kind = NetworkKind::kImageNet;
  options.channels = 48;
  options.cells = 14;
  options.classes = 1000;
  const auto size = measure_network(load_genotype("PC_DARTS_image"), options, 224);
  EXPECT_EQ(size.parameters, 5342464);
  EXPECT_EQ(size.parameters_with_auxiliary, 5342464 + 1260776);
  EXPECT_EQ(size.macs, 581627328);
}

}  // namespace
}  // namespace sanas
