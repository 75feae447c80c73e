// SPDX-License-Identifier: Apache-2.0
#include "sanas/checkpoint/search_result.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "sanas/core/error.h"

namespace sanas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kSkip = 3;  // columns of DARTS (darts-family §2.2)
constexpr int64_t kSepConv3 = 4;
const char* const kConfig =
    "name: x\ndataset: {name: cifar10}\n"
    "supernet: {family: darts, channels: 4, cells: 3, nodes: 4}\n";

/// Four nodes whose edges from the two inputs are the strongest, with that operation.
torch::Tensor favouring(int64_t operation) {
  auto alphas = torch::zeros({14, 8}, torch::kDouble);
  for (const int64_t first : {0, 2, 5, 9}) {  // the first edge of each node
    alphas[first][operation] = 3.0;
    alphas[first + 1][operation] = 2.0;
  }
  return alphas;
}

std::string cell(const std::string& name) {
  std::string text = "[";
  for (int node = 0; node < 4; ++node) {
    text += (node == 0 ? "('" : ", ('") + name + "', 0), ('" + name + "', 1)";
  }
  return text + "]";
}

std::string expected(const std::string& normal, const std::string& reduce) {
  return "Genotype(normal=" + cell(normal) + ", normal_concat=range(2, 6), reduce=" + cell(reduce) +
         ", reduce_concat=range(2, 6))";
}

TensorsOfFile file_of(const torch::Tensor& normal, const torch::Tensor& reduce) {
  TensorsOfFile file;
  file.source = "alphas.pt";
  file.tensors.tensors.insert("alphas_normal", normal);
  file.tensors.tensors.insert("alphas_reduce", reduce);
  return file;
}

TEST(SearchResult, OneGenotypeOfOneSet) {
  const auto config = parse_config(kConfig, "x.yaml");
  const auto genotypes = derive_genotypes(config, file_of(favouring(kSepConv3), favouring(kSkip)));
  ASSERT_EQ(genotypes.size(), 1U);
  EXPECT_EQ(to_string(genotypes.front()), expected("sep_conv_3x3", "skip_connect"));
}

TEST(SearchResult, OneGenotypeForEachOfSeveralSets) {
  const auto config = parse_config(kConfig, "x.yaml");
  const auto one = torch::stack({favouring(kSepConv3), favouring(kSkip)});
  const auto other = torch::stack({favouring(kSkip), favouring(kSepConv3)});
  std::vector<std::string> found;
  for (const auto& genotype : derive_genotypes(config, file_of(one, other))) {
    found.push_back(to_string(genotype));
  }
  EXPECT_THAT(found, ElementsAre(expected("sep_conv_3x3", "skip_connect"),
                                 expected("skip_connect", "sep_conv_3x3")));
}

TEST(SearchResult, WhatIsMissingOrUnevenIsNamed) {
  const auto config = parse_config(kConfig, "x.yaml");
  TensorsOfFile empty;
  empty.source = "alphas.pt";
  EXPECT_THAT(
      [&] { derive_genotypes(config, empty); },
      testing::ThrowsMessage<FileError>(HasSubstr("alphas.pt: the tensor 'alphas_normal'")));
  const auto uneven = file_of(torch::zeros({2, 14, 8}), torch::zeros({3, 14, 8}));
  EXPECT_THAT([&] { derive_genotypes(config, uneven); },
              testing::ThrowsMessage<FileError>(HasSubstr("'alphas_reduce' has shape")));
}

TEST(SearchResult, WeightsOfASearchAreThoseOfTheFirstNetworkOrAllButTheArchitecture) {
  NamedTensors checkpoint;
  for (const char* name : {"w1.stem.0.weight", "w2.stem.0.weight", "alphas_normal", "step"}) {
    checkpoint.tensors.insert(name, torch::ones({1}));
  }
  EXPECT_THAT(search_weights(checkpoint).tensors.keys(), ElementsAre("stem.0.weight"));
  NamedTensors plain;
  for (const char* name : {"stem.0.weight", "alphas_normal", "betas_reduce"}) {
    plain.tensors.insert(name, torch::ones({1}));
  }
  EXPECT_THAT(search_weights(plain).tensors.keys(), ElementsAre("stem.0.weight"));
}

}  // namespace
}  // namespace sanas
