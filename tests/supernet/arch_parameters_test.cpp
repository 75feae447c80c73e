// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/arch_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

TEST(ArchParameters, HaveTheShapeOfTheSpace) {
  const ArchParameters plain(make_search_space("s3"), 1e-3);
  ASSERT_EQ(plain.tensors().size(), 2);
  EXPECT_EQ(plain.alphas(true).sizes(), (std::vector<int64_t>{14, 3}));
  EXPECT_FALSE(plain.has_betas());
  const ArchParameters with_betas(make_search_space("darts", 2), 1e-3, true);
  ASSERT_EQ(with_betas.named_tensors().size(), 4);
  EXPECT_EQ(with_betas.named_tensors()[3].first, "betas_reduce");
  EXPECT_EQ(with_betas.betas(false).sizes(), (std::vector<int64_t>{5}));
}

TEST(ArchParameters, StartSmallAndRandom) {
  const FrozenRandomness frozen(1);
  const ArchParameters small(make_search_space("darts"), 1e-3);
  // 112 draws: the standard deviation of the estimate is 7 %.
  EXPECT_NEAR(small.alphas(false).std().item<double>(), 1e-3, 3e-4);
  EXPECT_FALSE(torch::equal(small.alphas(false), small.alphas(true)));
  EXPECT_TRUE(small.alphas(false).requires_grad());
  EXPECT_TRUE(small.alphas(false).is_leaf());
}

TEST(ArchParameters, MoveForEveryoneWhoHoldsThem) {
  ArchParameters architecture(make_search_space("s2"), 1e-3);
  const auto held = architecture.tensors();
  architecture.to(torch::kCPU, torch::kDouble);
  EXPECT_EQ(held[0].dtype(), torch::kDouble);
}

TEST(ArchParameters, ValuesOfAnotherShapeAreRefusedByName) {
  ArchParameters architecture(make_search_space("s2"), 1e-3);
  architecture.assign({torch::ones({14, 2}), torch::zeros({14, 2})});
  EXPECT_EQ(architecture.alphas(false).sum().item<double>(), 28.0);
  EXPECT_THAT(
      [&] {
        architecture.assign({torch::ones({14, 2}), torch::zeros({14, 8})});
      },
      testing::ThrowsMessage<FileError>(
          testing::HasSubstr("alphas_reduce has shape [14, 8], expected [14, 2]")));
}

TEST(ArchParameters, UnevenSpacesAreRefused) {
  auto space = make_search_space("s2");
  space.normal[0].pop_back();
  EXPECT_THROW(ArchParameters(space, 1e-3), ConfigError);
}

}  // namespace
}  // namespace sanas
