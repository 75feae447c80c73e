// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/cost.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include <cmath>
#include <stdexcept>

#include "nn/inference_batch.h"
#include "nn/operation_types.h"
#include "sanas/nn/eval_network.h"
#include "sanas/nn/operations.h"
#include "support/device.h"

namespace sanas {
namespace {

EvalNetworkOptions cifar(int64_t channels = 36, int64_t classes = 10) {
  EvalNetworkOptions options;
  options.channels = channels;
  options.classes = classes;
  return options;
}

EvalNetworkOptions imagenet() {
  EvalNetworkOptions options;
  options.kind = NetworkKind::kImageNet;
  options.channels = 48;
  options.cells = 14;
  options.classes = 1000;
  return options;
}

int64_t parameters(const std::string& genotype, const EvalNetworkOptions& options) {
  return count_parameters(EvalNetwork(load_genotype(genotype), options));
}

/// Parameters of the auxiliary head.
int64_t auxiliary(const std::string& genotype, EvalNetworkOptions options) {
  options.auxiliary = true;
  const EvalNetwork network(load_genotype(genotype), options);
  return count_parameters(network, /*auxiliary=*/true) - count_parameters(network);
}

int64_t macs(const std::string& genotype, const EvalNetworkOptions& options,
             CountingRule rule = CountingRule::kPlain) {
  EvalNetwork network(load_genotype(genotype), options);
  network.eval();
  const int64_t size = options.kind == NetworkKind::kCifar ? 32 : 224;
  return count_macs([&] { network.forward(torch::zeros({1, 3, size, size})); }, rule);
}

struct SizeRow {
  const char* genotype;
  int64_t cifar10;
  int64_t cifar100;
  int64_t cifar_macs;
  int64_t imagenet;
  int64_t imagenet_macs;
};

// darts-family §11.
constexpr SizeRow kRows[] = {
    {"NASNet", 3830950, 3895840, 603452448, 5564320, 604031616},
    {"AmoebaNet", 3145078, 3184048, 488931552, 4627360, 526746624},
    {"DARTS_V1", 3169414, 3221344, 500987520, 4510432, 505864704},
    {"DARTS_V2", 3349342, 3401272, 528359040, 4718752, 529911552},
    {"PDARTS", 3433798, 3485728, 532174464, 4944352, 542819328},
    {"PC_DARTS_cifar", 3634678, 3686608, 556670592, 5270560, 571137408},
    {"PC_DARTS_image", 3721510, 3773440, 570466944, 5342464, 581627328},
    {"PRDARTS", 3444814, 3496744, 529769088, 4981312, 543374400},
};

TEST(Sizes, ParametersOfAllPresets) {
  for (const auto& row : kRows) {
    EXPECT_EQ(parameters(row.genotype, cifar()), row.cifar10) << row.genotype;
    EXPECT_EQ(parameters(row.genotype, cifar(36, 100)), row.cifar100) << row.genotype;
    EXPECT_EQ(parameters(row.genotype, imagenet()), row.imagenet) << row.genotype;
  }
  EXPECT_EQ(parameters("PDARTS", cifar(64)), 10521802) << "P-DARTS large";
}

TEST(Sizes, MultiplyAddsOfAllPresetsOnCifar) {
  for (const auto& row : kRows) {
    EXPECT_EQ(macs(row.genotype, cifar()), row.cifar_macs) << row.genotype;
  }
}

TEST(Sizes, MultiplyAddsOfAllPresetsOnImageNet) {
  for (const auto& row : kRows) {
    EXPECT_EQ(macs(row.genotype, imagenet()), row.imagenet_macs) << row.genotype;
  }
}

TEST(Sizes, MoreClassesCostALargerClassifier) {
  const auto extra = [](const char* genotype) {
    // Thin networks suffice: at C = 36 the classifier reads 9 times as many channels as at C = 4.
    auto options = cifar(4);
    options.cells = 5;
    const int64_t ten = macs(genotype, options);
    options.classes = 100;
    return 9 * (macs(genotype, options) - ten);
  };
  EXPECT_EQ(extra("DARTS_V2"), 51840);
  EXPECT_EQ(extra("NASNet"), 64800);
  EXPECT_EQ(extra("AmoebaNet"), 38880);
}

TEST(Sizes, OfTheAuxiliaryHeads) {
  EXPECT_EQ(auxiliary("DARTS_V2", cifar()), 476426);
  EXPECT_EQ(auxiliary("NASNet", cifar()), 457994);
  EXPECT_EQ(auxiliary("AmoebaNet", cifar()), 457994);
  EXPECT_EQ(auxiliary("DARTS_V2", cifar(36, 100)), 545636);
  EXPECT_EQ(auxiliary("NASNet", cifar(36, 100)), 527204);
  auto options = imagenet();
  EXPECT_EQ(auxiliary("DARTS_V2", options), 1260776);
  EXPECT_EQ(auxiliary("NASNet", options), 1236200);
  options.auxiliary_variant = AuxiliaryVariant::kPdarts;
  EXPECT_EQ(auxiliary("DARTS_V2", options), 1262312);
  EXPECT_EQ(auxiliary("AmoebaNet", options), 1237736);
}

TEST(Sizes, WithBatchNormAndReluAreWhatThePapersCount) {
  // P-DARTS and PC-DARTS report 557, 586 and 597 M on ImageNet.
  const auto millions = [](const char* genotype) {
    const auto count = macs(genotype, imagenet(), CountingRule::kWithBatchNormAndRelu);
    return std::round(static_cast<double>(count) / 1e4) / 100.0;
  };
  EXPECT_DOUBLE_EQ(millions("PDARTS"), 557.12);
  EXPECT_DOUBLE_EQ(millions("PC_DARTS_cifar"), 585.95);
  EXPECT_DOUBLE_EQ(millions("PC_DARTS_image"), 597.06);
}

TEST(Sizes, AgreeWithUninasAfterItsCountOfAveragePools) {
  // uninas also counts one per average-pool output element: in DARTS_V1 and PDARTS one pool in each
  // reduction cell, and the global one.
  const int64_t cifar_pools = 72 * 16 * 16 + 144 * 8 * 8 + 4 * 144;
  const int64_t imagenet_pools = 96 * 14 * 14 + 192 * 7 * 7 + 4 * 192;
  EXPECT_EQ(macs("DARTS_V1", cifar()) + cifar_pools, 501015744);
  EXPECT_EQ(macs("PDARTS", cifar()) + cifar_pools, 532202688);
  EXPECT_EQ(macs("DARTS_V1", imagenet()) + imagenet_pools, 505893696);
  EXPECT_EQ(macs("PDARTS", imagenet()) + imagenet_pools, 542848320);
}

// ---- the counter itself ----------------------------------------------------------------------

TEST(CountMacs, FollowsTheClosedFormOfAConvolution) {
  Convolution grouped(
      torch::nn::Conv2dOptions(8, 12, 3).stride(2).padding(1).groups(4).bias(false));
  const auto x = torch::zeros({1, 8, 9, 9});
  EXPECT_EQ(count_macs([&] { grouped->forward(x); }), 12 * 5 * 5 * (8 / 4) * 9);
  torch::nn::Linear linear(7, 5);
  EXPECT_EQ(count_macs([&] { linear->forward(torch::zeros({3, 7})); }), 3 * 7 * 5);
}

TEST(CountMacs, AddsTwoPerBatchNormAndOnePerReluElementOnRequest) {
  const auto operation = std::make_shared<ReluConvBn>(4, 6, OperationOptions{});
  const auto forward = [&] { operation->forward(torch::zeros({2, 4, 5, 5})); };
  EXPECT_EQ(count_macs(forward), 2 * 25 * 24);
  EXPECT_EQ(count_macs(forward, CountingRule::kWithBatchNormAndRelu),
            2 * 25 * 24 + 2 * 2 * 25 * 6 + 2 * 25 * 4);
}

TEST(CountMacs, StopsCountingAfterAnException) {
  auto layer = make_convolution(1, 1, 1, 1, 0);
  const auto forward = [&] { layer->forward(torch::zeros({1, 1, 2, 2})); };
  EXPECT_THROW(count_macs([&] {
                 forward();
                 throw std::runtime_error("in the middle");
               }),
               std::runtime_error);
  EXPECT_EQ(count_macs(forward), 4);
  EXPECT_EQ(count_macs([] {}), 0);
}

TEST(CountMacs, SeesNothingOfAnOperatorThatFails) {
  auto layer = make_convolution(4, 4, 1, 1, 0);
  const auto forward = [&] { layer->forward(torch::zeros({1, 3, 2, 2})); };
  EXPECT_THROW(count_macs(forward), c10::Error);
  EXPECT_EQ(count_macs([] {}), 0);
}

TEST(CountActivations, SumsTheResultsOfTheLayers) {
  // ReLU 2·4·25, convolution and batch norm 2·6·25 each.
  const auto operation = std::make_shared<ReluConvBn>(4, 6, OperationOptions{});
  EXPECT_EQ(count_activations([&] {
              operation->forward(torch::zeros({2, 4, 5, 5}));
            }),
            200 + 300 + 300);
}

TEST(PeakBytes, AreThoseInUseAtOneTime) {
  const auto kept = torch::zeros({1000});  // before
  EXPECT_EQ(peak_bytes([] {}), 0);
  const auto peak = peak_bytes([&] {
    { const auto gone = torch::zeros({5000}); }
    const auto a = torch::zeros({1000});
    const auto b = a + kept;
    const auto c = torch::zeros({2000});
  });
  EXPECT_EQ(peak, 4 * 5000);
  EXPECT_EQ(peak_bytes([&] {
              const auto a = kept.neg();
              const auto b = a.abs();
            }),
            4 * 2000);
}

TEST(InferenceBatch, IsWhatFitsButNotLessThanInTraining) {
  const auto image = torch::zeros({1, 3, 8, 8}, test_device());
  const auto using_floats = [](int64_t count) {
    return [count](const torch::Tensor& x) { torch::empty({count}, x.options()); };
  };
  const int64_t bytes = (test_device().is_cuda() ? int64_t{4} << 30 : int64_t{32} << 20);
  EXPECT_EQ(inference_batch_size(using_floats(bytes / 4 / 100), image, 64), 100);
  EXPECT_EQ(inference_batch_size(using_floats(bytes / 4 / 100), image, 128), 128);
  EXPECT_EQ(inference_batch_size(using_floats(1), image, 64), 1024);
  EXPECT_EQ(inference_batch_size(using_floats(1), image, 2000), 2000);
}

TEST(RowsAreIndependent, UnlessStatisticsAreTheBatchesOrNoiseIsDrawn) {
  EXPECT_TRUE(rows_are_independent(*std::make_shared<ReluConvBn>(4, 6, OperationOptions{})));
  OperationOptions of_the_batch;
  of_the_batch.track_running_stats = false;
  EXPECT_FALSE(rows_are_independent(*std::make_shared<ReluConvBn>(4, 6, of_the_batch)));
  EXPECT_FALSE(rows_are_independent(*make_operation(Primitive::kNoise, 4, 1, {})));
}

TEST(CountParameters, LeavesOutTheAuxiliaryHead) {
  torch::nn::Sequential network(torch::nn::Linear(2, 3));
  network->register_module("auxiliary_head", torch::nn::Linear(4, 5));
  EXPECT_EQ(count_parameters(*network), 9);
  EXPECT_EQ(count_parameters(*network, /*auxiliary=*/true), 9 + 25);
}

}  // namespace
}  // namespace sanas
