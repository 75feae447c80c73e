// SPDX-License-Identifier: Apache-2.0
#include "sanas/setup/dataset_networks.h"

#include <gmock/gmock.h>

#include "sanas/core/error.h"

namespace sanas {
namespace {

TEST(DatasetNetworks, SizesAreThoseOfThePapersUnlessOthersAreAskedFor) {
  const auto cifar = network_for_dataset("cifar100", 0, 0);
  EXPECT_EQ(cifar.channels, 36);
  EXPECT_EQ(cifar.cells, 20);
  EXPECT_EQ(cifar.classes, 100);
  EXPECT_EQ(cifar.kind, NetworkKind::kCifar);
  const auto imagenet = network_for_dataset("imagenet", 0, 5);
  EXPECT_EQ(imagenet.channels, 48);
  EXPECT_EQ(imagenet.cells, 5);
  EXPECT_EQ(imagenet.classes, 1000);
  EXPECT_EQ(imagenet.kind, NetworkKind::kImageNet);
}

TEST(DatasetNetworks, ASearchNetworkNeedsToKnowItsClasses) {
  Config config;
  config.dataset.source.name = "cifar100";
  EXPECT_EQ(supernet_without_data(config).options.classes, 100);
  config.dataset.source.name = "folder";
  EXPECT_THROW(supernet_without_data(config), ConfigError);
}

}  // namespace
}  // namespace sanas
