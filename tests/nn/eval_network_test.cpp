// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/eval_network.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include <map>

#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/core/random.h"
#include "sanas/nn/cost.h"
#include "support/device.h"
#include "support/fill.h"
#include "support/golden.h"

namespace sanas {
namespace {

using torch::Tensor;

/// The small network of darts-family §13.5: C = 4, 5 cells, 10 classes, auxiliary head.
EvalNetworkOptions small(NetworkKind kind) {
  EvalNetworkOptions options;
  options.kind = kind;
  options.channels = 4;
  options.cells = 5;
  options.auxiliary = true;
  return options;
}

std::shared_ptr<EvalNetwork> filled(const std::string& genotype,
                                    const EvalNetworkOptions& options) {
  auto network = std::make_shared<EvalNetwork>(load_genotype(genotype), options);
  network->to(torch::kDouble);
  fill_parameters(*network);
  network->to(test_device());
  return network;
}

Tensor input(int64_t size) { return input_pattern({2, 3, size, size}).to(test_device()); }

std::vector<double> first_three(const Tensor& logits) {
  return elements(logits[0].narrow(0, 0, 3));
}

struct GoldenRow {
  const char* genotype;
  int64_t cifar_parameters;
  const char* logits;
  const char* auxiliary;
  const char* loss;
  const char* gradient_norm;
  const char* evaluation;
  int64_t imagenet_parameters;
  const char* imagenet_logits;
};

// darts-family §13.5.
constexpr GoldenRow kRows[] = {
    {"DARTS_V2", 422444, "1.1647022201 0.2583283845 -0.8832368266",
     "6.0907225959 -4.6875493640 1.7887027027", "7.675795120128", "115.64719670",
     "1.1742198327 0.2883077095 -0.8517487809", 420722, "1.1016812841 1.1044063118 0.3667073442"},
    {"DARTS_V1", 421800, "0.9375007367 0.7505189112 0.1370397242",
     "5.6853119567 -4.4996733786 2.7046067304", "5.965983288766", "243.38260450",
     "0.9554517629 0.6743447959 0.0148979018", 420078, "1.4447317776 1.2647835600 0.3536556326"},
    {"NASNet", 432792, "0.1378037789 -0.5503911366 -1.0347805523",
     "5.4032537361 -4.8409492709 2.0548785665", "7.026188289446", "247.19347695",
     "0.2014728953 -0.7033023328 -1.3593834833", 431070,
     "-0.4708774627 -1.0127182655 -1.3317178713"},
    {"AmoebaNet", 431472, "-0.4284717813 1.5995502727 -0.5767917752",
     "6.7141116128 -4.0950003584 2.4846192048", "6.312425759226", "372.49854416",
     "-0.4376423832 1.6700189464 -0.6487377310", 429750,
     "-1.2570632497 0.4958068224 -0.2996553914"},
    {"PDARTS", 428456, "-0.0261595680 0.4147942992 0.6609603624",
     "5.8089262798 -4.2785168716 2.7480300215", "5.377691415931", "146.37546698",
     "-0.0049725796 0.3913845219 0.6077535293", 428270, "0.2346165278 0.0150904446 -0.2093944002"},
    {"PC_DARTS_cifar", 433176, "0.4052923791 0.0607608257 -0.2964913010",
     "6.3200855772 -3.9448456122 2.3323155883", "6.345690408434", "305.95222860",
     "0.4641695039 0.0901920952 -0.3151123967", 431454,
     "-0.1641851053 -0.4423349502 -0.5155874267"},
    {"PC_DARTS_image", 430836, "0.0781539006 0.5335095385 0.7324301306",
     "6.1083396971 -4.0151844353 2.7655160316", "5.550607022849", "134.45098813",
     "0.2941371777 0.9365758140 1.0677600649", 429114, "-0.0374225686 0.0027758288 0.0430810049"},
    {"PRDARTS", 429360, "0.2335292318 0.2608215813 0.1037167957",
     "6.4147551198 -4.2516152192 2.0477499963", "6.367624123539", "112.21024652",
     "0.2538405655 0.2986186405 0.1351042007", 429174, "-0.5139574654 0.0492709174 0.5233852691"},
};

/// P-DARTS and PR-DARTS have the second batch norm in the ImageNet network's auxiliary head.
AuxiliaryVariant variant_of(const std::string& genotype) {
  return genotype == "PDARTS" || genotype == "PRDARTS" ? AuxiliaryVariant::kPdarts
                                                       : AuxiliaryVariant::kDarts;
}

/// Operator by operator, and on fused kernels.
class GoldenTable : public testing::TestWithParam<KernelChoice> {};

TEST_P(GoldenTable, HoldsForCifarNetworks) {
  const auto targets = torch::tensor({1, 3}, torch::kLong).to(test_device());
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.genotype);
    auto options = small(NetworkKind::kCifar);
    options.kernels = GetParam();
    const auto network = filled(row.genotype, options);
    EXPECT_EQ(count_parameters(*network, /*auxiliary=*/true), row.cifar_parameters);
    const auto output = network->forward(input(32));
    expect_golden(first_three(output.logits), row.logits);
    expect_golden(first_three(output.auxiliary_logits), row.auxiliary);
    const auto loss = torch::nn::functional::cross_entropy(output.logits, targets) +
                      0.4 * torch::nn::functional::cross_entropy(output.auxiliary_logits, targets);
    expect_golden({loss.item<double>()}, row.loss);
    const double gradient_norm = norm(gradients_of(loss, network->parameters()));
    if (GetParam() == KernelChoice::kComposed) {
      expect_golden({gradient_norm}, row.gradient_norm);
    } else {
      // Published to the eleventh digit, where it depends on the order of sums: a change of the
      // images by one unit of rounding moves it by up to 4e-12 of itself.
      const double published = std::stod(row.gradient_norm);
      EXPECT_NEAR(gradient_norm, published, 1e-10 * published);
    }
    network->eval();
    const auto evaluated = network->forward(input(32));
    expect_golden(first_three(evaluated.logits), row.evaluation);
    EXPECT_FALSE(evaluated.auxiliary_logits.defined());
  }
}

TEST_P(GoldenTable, HoldsForImageNetNetworks) {
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.genotype);
    auto options = small(NetworkKind::kImageNet);
    options.kernels = GetParam();
    options.auxiliary_variant = variant_of(row.genotype);
    const auto network = filled(row.genotype, options);
    EXPECT_EQ(count_parameters(*network, /*auxiliary=*/true), row.imagenet_parameters);
    const torch::NoGradGuard no_grad;
    const auto output = network->forward(input(224));
    expect_golden(first_three(output.logits), row.imagenet_logits);
    EXPECT_EQ(output.auxiliary_logits.sizes(), (std::vector<int64_t>{2, 10}));
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, GoldenTable,
                         testing::Values(KernelChoice::kComposed, KernelChoice::kAuto),
                         [](const auto& info) { return to_string(info.param); });

/// Also of a single image: LibTorch's batch norm looks at the strides of what comes back.
TEST(EvalNetwork, GradientsOfImagesAreTheSameOnKernelsAndComposed) {
  auto options = small(NetworkKind::kCifar);
  options.auxiliary = false;
  const auto network = filled("DARTS_V2", options);
  for (const auto& [images, training] :
       std::vector<std::pair<int64_t, bool>>{{1, false}, {2, false}, {2, true}}) {
    network->train(training);
    const auto x = input_pattern({images, 3, 16, 16}).to(test_device()).requires_grad_();
    const auto gradient = [&] {
      const auto logits = network->forward(x).logits;
      return gradients_of((logits * logits).sum(), {x}).front();
    };
    const auto ours = gradient();
    const ScopedComposed composed;
    const auto theirs = gradient();
    EXPECT_LT((ours - theirs).norm().item<double>(), 1e-9 * theirs.norm().item<double>())
        << images << " images, training " << training;
  }
}

TEST(EvalNetwork, ReductionCellsStandAtAThirdAndTwoThirds) {
  // darts-family §2.1: depth → the two positions.
  const std::map<int64_t, std::vector<int64_t>> expected{
      {5, {1, 3}}, {8, {2, 5}}, {11, {3, 7}}, {14, {4, 9}}, {17, {5, 11}}, {20, {6, 13}}};
  for (const auto& [cells, positions] : expected) {
    std::vector<int64_t> found;
    for (int64_t i = 0; i < cells; ++i) {
      if (is_reduction_cell(i, cells)) {
        found.push_back(i);
      }
    }
    EXPECT_EQ(found, positions) << cells;
  }
}

// ---- names -----------------------------------------------------------------------------------

using Names = std::vector<std::string>;

Names parameter_names(const torch::nn::Module& module) {
  Names names;
  for (const auto& parameter : module.named_parameters()) {
    names.push_back(parameter.key());
  }
  return names;
}

void append(Names& names, const std::string& prefix, const Names& suffixes) {
  for (const auto& suffix : suffixes) {
    names.push_back(prefix + suffix);
  }
}

const Names kReluConvBn{"op.1.weight", "op.2.weight", "op.2.bias"};
const Names kReduce{"conv_1.weight", "conv_2.weight", "bn.weight", "bn.bias"};
const Names kSepConv{"op.1.weight", "op.2.weight", "op.3.weight", "op.3.bias",
                     "op.5.weight", "op.6.weight", "op.7.weight", "op.7.bias"};
const Names kDilConv{"op.1.weight", "op.2.weight", "op.3.weight", "op.3.bias"};

/// Names of the cells of a DARTS_V2 network with 3 cells (normal, reduction, reduction).
void append_three_cells(Names& names, bool first_input_is_reduced) {
  append(names, "cells.0.preprocess0.", first_input_is_reduced ? kReduce : kReluConvBn);
  append(names, "cells.0.preprocess1.", kReluConvBn);
  for (const char* k : {"0", "1", "2", "3", "4"}) {
    append(names, "cells.0._ops." + std::string(k) + ".", kSepConv);
  }
  append(names, "cells.0._ops.7.", kDilConv);  // 5 and 6 are skip connections
  // The reduction cells of DARTS_V2 have pooling and stride-1 skips only.
  append(names, "cells.1.preprocess0.", kReluConvBn);
  append(names, "cells.1.preprocess1.", kReluConvBn);
  append(names, "cells.2.preprocess0.", kReduce);
  append(names, "cells.2.preprocess1.", kReluConvBn);
}

TEST(EvalNetwork, CifarParametersHaveTheOriginalNamesAndOrder) {
  auto options = small(NetworkKind::kCifar);
  options.cells = 3;
  Names expected{"stem.0.weight", "stem.1.weight", "stem.1.bias"};
  append_three_cells(expected, /*first_input_is_reduced=*/false);
  append(expected, "auxiliary_head.",
         {"features.2.weight", "features.3.weight", "features.3.bias", "features.5.weight",
          "features.6.weight", "features.6.bias", "classifier.weight", "classifier.bias"});
  append(expected, "classifier.", {"weight", "bias"});
  EXPECT_EQ(parameter_names(EvalNetwork(load_genotype("DARTS_V2"), options)), expected);
}

TEST(EvalNetwork, ImageNetParametersHaveTheOriginalNamesAndOrder) {
  for (const auto variant : {AuxiliaryVariant::kDarts, AuxiliaryVariant::kPdarts}) {
    auto options = small(NetworkKind::kImageNet);
    options.cells = 3;
    options.auxiliary_variant = variant;
    Names expected{"stem0.0.weight", "stem0.1.weight", "stem0.1.bias",
                   "stem0.3.weight", "stem0.4.weight", "stem0.4.bias",
                   "stem1.1.weight", "stem1.2.weight", "stem1.2.bias"};
    append_three_cells(expected, /*first_input_is_reduced=*/true);
    append(expected, "auxiliary_head.features.", {"2.weight", "3.weight", "3.bias", "5.weight"});
    if (variant == AuxiliaryVariant::kPdarts) {
      append(expected, "auxiliary_head.features.", {"6.weight", "6.bias"});
    }
    append(expected, "auxiliary_head.classifier.", {"weight", "bias"});
    append(expected, "classifier.", {"weight", "bias"});
    EXPECT_EQ(parameter_names(EvalNetwork(load_genotype("DARTS_V2"), options)), expected);
  }
}

TEST(EvalNetwork, BuffersAreThoseOfTheBatchNorms) {
  const EvalNetwork network(load_genotype("DARTS_V2"), small(NetworkKind::kCifar));
  const auto parameters = network.named_parameters();
  const auto buffers = network.named_buffers();
  size_t batch_norms = 0;
  for (const auto& buffer : buffers) {
    if (buffer.key().ends_with(".running_mean")) {
      const auto prefix = buffer.key().substr(0, buffer.key().rfind('.'));
      EXPECT_TRUE(parameters.contains(prefix + ".bias")) << prefix;
      EXPECT_TRUE(buffers.contains(prefix + ".running_var")) << prefix;
      EXPECT_TRUE(buffers.contains(prefix + ".num_batches_tracked")) << prefix;
      ++batch_norms;
    }
  }
  EXPECT_EQ(buffers.size(), 3 * batch_norms);
  EXPECT_GT(batch_norms, 10U);
}

// ---- behaviour -------------------------------------------------------------------------------

TEST(EvalNetwork, DropPathActsInTrainingModeOnly) {
  const auto network = filled("DARTS_V2", small(NetworkKind::kCifar));
  const torch::NoGradGuard no_grad;
  const auto logits = [&](double probability) {
    const ScopedBuffers buffers(*network);
    const FrozenRandomness frozen(1);
    network->set_drop_path_probability(probability);
    return network->forward(input(32)).logits;
  };
  const auto without = logits(0.0);
  const auto with = logits(0.5);
  EXPECT_GT((without - with).abs().max().item<double>(), 1e-3);
  EXPECT_TRUE(torch::equal(with, logits(0.5))) << "replayed under the same seed";
  network->eval();
  EXPECT_TRUE(torch::equal(logits(0.5), logits(0.0)));
}

TEST(EvalNetwork, ReturnsTheLastCellsOutputOnRequest) {
  const auto network = filled("NASNet", small(NetworkKind::kCifar));
  network->eval();
  const torch::NoGradGuard no_grad;
  Tensor features;
  const auto output = network->forward(input(32), &features);
  // Five concatenated nodes of 16 channels in the last, normal cell.
  EXPECT_EQ(features.sizes(), (std::vector<int64_t>{2, 80, 8, 8}));
  EXPECT_TRUE(torch::equal(output.logits, network->forward(input(32)).logits));
  const auto parameters = network->named_parameters();
  const auto expected = features.mean({2, 3}).matmul(parameters["classifier.weight"].t()) +
                        parameters["classifier.bias"];
  EXPECT_TRUE(torch::allclose(output.logits, expected, 1e-12, 1e-14));
}

TEST(EvalNetwork, TheAuxiliaryHeadRefusesOtherImageSizes) {
  const auto network = filled("DARTS_V2", small(NetworkKind::kCifar));
  for (const int64_t size : {16, 20, 28, 64}) {
    EXPECT_THROW(network->forward(input(size)), DataError) << size;
  }
  network->eval();
  EXPECT_EQ(network->forward(input(28)).logits.size(1), 10) << "evaluation does not need the head";
}

TEST(EvalNetwork, OddImageSizesFailClearlyOrArePadded) {
  auto options = small(NetworkKind::kCifar);
  options.auxiliary = false;
  EXPECT_THROW(filled("DARTS_V2", options)->forward(input(30)), DataError) << "30 → 15 → odd";
  options.odd_size = OddSize::kPad;
  for (const char* genotype : {"DARTS_V2", "PDARTS", "AmoebaNet"}) {
    const auto logits = filled(genotype, options)->forward(input(27)).logits;
    EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 10})) << genotype;
    EXPECT_TRUE(logits.isfinite().all().item<bool>());
  }
}

}  // namespace
}  // namespace sanas
