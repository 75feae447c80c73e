// SPDX-License-Identifier: Apache-2.0
// The worked examples of docs/extending.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sanas/core/error.h"
#include "sanas/supernet/darts_supernet.h"
#include "search_support.h"

namespace sanas {
namespace {

// clang-format off
// [primitive]
/// ReLU → 1×1 convolution → batch norm: mixes channels, sees no neighbours.
std::shared_ptr<Operation> make_conv_1x1(int64_t channels, int64_t stride,
                                         const OperationOptions& options) {
  class Conv1x1 : public Operation {
   public:
    Conv1x1(int64_t channels, int64_t stride, const OperationOptions& options)
        : layers_(torch::nn::ReLU(), make_convolution(channels, channels, 1, stride, 0),
                  make_batch_norm(channels, options)) {
      register_module("op", layers_);
    }
    torch::Tensor forward(const torch::Tensor& x) override { return layers_->forward(x); }

   private:
    torch::nn::Sequential layers_;
  };
  return std::make_shared<Conv1x1>(channels, stride, options);
}

const Primitive kConv1x1 = add_operation("conv_1x1", make_conv_1x1);
// [primitive]

// [space]
const bool added_space = [] {
  add_search_space("pointwise", [](int nodes) {
    return uniform_search_space("pointwise", nodes,
                                {Primitive::kNone, Primitive::kSkipConnect, kConv1x1});
  });
  return true;
}();
// [space]

// [family]
/// FairDARTS: every operation has a sigmoid of its own instead of a share of a softmax.
class FairSupernet : public DartsSupernet {
 public:
  using DartsSupernet::DartsSupernet;

  /// What the derivation compares.
  torch::Tensor edge_weights(bool reduction) const override {
    return architecture().alphas(reduction).detach().cpu().sigmoid();
  }

  /// What the cells are weighted with, normal and reduction.
  ArchitectureSample sample_architecture() override {
    return {{split_weights(architecture().alphas(false).sigmoid()), {}},
            {split_weights(architecture().alphas(true).sigmoid()), {}}};
  }
};

const bool added_family = [] {
  add_supernet_family({"fair", "darts", /*edge_weights=*/false,
                       [](const SupernetChoice& choice, const SearchSpace& space,
                          std::shared_ptr<ArchParameters> architecture) {
                         return std::make_shared<FairSupernet>(space, std::move(architecture),
                                                               choice.options);
                       }});
  return true;
}();
// [family]
// clang-format on

TEST(Extending, APrimitiveWorksInGenotypesAndNetworks) {
  const std::string pair = "('conv_1x1', 0), ('conv_1x1', 1)";
  const std::string cell = "[" + pair + ", " + pair + ", " + pair + ", " + pair + "]";
  const std::string text = "Genotype(normal=" + cell +
                           ", normal_concat=range(2, 6), reduce=" + cell +
                           ", reduce_concat=range(2, 6))";
  const Genotype genotype = parse_genotype(text);
  EXPECT_EQ(genotype.normal.genes[0].operation, kConv1x1);
  EXPECT_EQ(to_string(parse_genotype(to_string(genotype))), to_string(genotype));
  EvalNetworkOptions options;
  options.channels = 4;
  options.cells = 3;
  EvalNetwork network(genotype, options);
  EXPECT_EQ(network.forward(torch::rand({2, 3, 16, 16})).logits.sizes(),
            (std::vector<int64_t>{2, 10}));
}

TEST(Extending, ASpaceAndAFamilyWorkByName) {
  const auto net = small_supernet(choice_of("fair", "pointwise"));
  ASSERT_NE(std::dynamic_pointer_cast<FairSupernet>(net), nullptr);
  EXPECT_EQ(net->space().operations(), 3);
  // Sigmoids of one edge need not add up to one, and the gradient reaches them all.
  const auto architecture = net->architecture().tensors();
  const auto loss = loss_of(*net, golden_training_batch());
  for (const auto& gradient : gradients_of(loss, architecture)) {
    EXPECT_GT(gradient.abs().sum().item<double>(), 0.0);
  }
  for (const auto& gene : net->derive().normal.genes) {
    EXPECT_NE(gene.operation, Primitive::kNone);
  }
}

TEST(Extending, NamesThatExistAreRefused) {
  EXPECT_THROW(add_operation("conv_1x1", make_conv_1x1), ConfigError);
  EXPECT_THROW(add_operation("none", make_conv_1x1), ConfigError);
  EXPECT_THROW(add_search_space("darts", {}), ConfigError);
  EXPECT_THROW(add_supernet_family({.name = "pdarts", .make = {}}), ConfigError);
}

TEST(Extending, ExamplesAreThoseOfTheDocumentation) {
  const char* folder = std::getenv("SANAS_SOURCE_DIR");
  if (folder == nullptr) {
    GTEST_SKIP() << "SANAS_SOURCE_DIR is not set";
  }
  const auto read = [&](const char* file) {
    std::ifstream stream(std::filesystem::path(folder) / file);
    return std::string{std::istreambuf_iterator<char>(stream), {}};
  };
  const std::string test = read("tests/supernet/extending_test.cpp");
  const std::string text = read("docs/extending.md");
  for (const std::string name : {"primitive", "space", "family"}) {
    const std::string mark = "// [" + name + "]\n";
    const size_t begin = test.find(mark) + mark.size();
    const std::string example = test.substr(begin, test.find(mark, begin) - begin);
    EXPECT_GT(example.size(), 200U) << name;
    EXPECT_THAT(text, testing::HasSubstr(example)) << name;
  }
}

}  // namespace
}  // namespace sanas
