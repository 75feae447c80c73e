// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <tuple>

#include "sanas/core/error.h"
#include "search/small_search.h"

namespace sanas {
namespace {

using Scheme = std::pair<HypergradientOrder, SecondOrderApproximation>;

const Scheme kSchemes[] = {
    {HypergradientOrder::kFirst, SecondOrderApproximation::kFiniteDifference},
    {HypergradientOrder::kSecond, SecondOrderApproximation::kFiniteDifference},
    {HypergradientOrder::kSecond, SecondOrderApproximation::kCentral4},
    {HypergradientOrder::kSecond, SecondOrderApproximation::kExact},
};

/// Some modules in training mode and some not, so that none comes back by chance.
void mix_modes(const SearchNetworks& networks) {
  networks.net1->eval();
  networks.net1->children().front()->train();
  networks.net2->train();
  networks.net2->children().front()->eval();
}

/// Family, method, scheme.
class ArchitectSideEffects
    : public testing::TestWithParam<std::tuple<std::string, SearchMethod, Scheme>> {};

TEST_P(ArchitectSideEffects, AGradientLeavesNoTrace) {
  const auto& [family, method, scheme] = GetParam();
  SmallSearch search(tiny_choice(family));
  std::tie(search.options.order, search.options.approximation) = scheme;
  mix_modes(search.networks);
  const auto before = search.snapshot();
  const auto images = search.train.images.clone();
  const auto h = method == SearchMethod::kSanas
                     ? search.sanas_gradient()
                     : search.plain()->gradient(search.train, search.validation, 7, true);
  EXPECT_GT(norm(h.total), 0.0);
  expect_same_bits(search.snapshot(), before);
  EXPECT_TRUE(same_bits(search.train.images, images));
}

INSTANTIATE_TEST_SUITE_P(AllArchitects, ArchitectSideEffects,
                         testing::Combine(testing::Values("darts", "pcdarts", "pdarts", "prdarts"),
                                          testing::Values(SearchMethod::kPlain,
                                                          SearchMethod::kSanas),
                                          testing::ValuesIn(kSchemes)),
                         [](const auto& info) {
                           const Scheme& scheme = std::get<2>(info.param);
                           return std::get<0>(info.param) + "_" +
                                  to_string(std::get<1>(info.param)) + "_" +
                                  to_string(scheme.first) + "_" + to_string(scheme.second);
                         });

// The attack refuses such pixels, when W1 is already at W1'.
TEST(ArchitectThatThrows, LeavesNoTrace) {
  SmallSearch search(tiny_choice("darts"));
  mix_modes(search.networks);
  search.train.images = search.train.images + 1.0;
  const auto before = search.snapshot();
  EXPECT_THROW(search.sanas_gradient(), DataError);
  expect_same_bits(search.snapshot(), before);
}

}  // namespace
}  // namespace sanas
