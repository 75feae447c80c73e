// SPDX-License-Identifier: Apache-2.0
// The shipped configurations against the supplement's numbers: §I.1 to I.4, tables 7, 9, 13 to 15,
// and method §7 where they disagree.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "config/config_test_support.h"
#include "sanas/config/config.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

const fs::path& source_folder() {
  static const fs::path folder = [] {
    const char* value = std::getenv("SANAS_SOURCE_DIR");
    return value == nullptr ? fs::path(".") : fs::path(value);
  }();
  return folder;
}

Config shipped(const std::string& name) {
  return load_config(name, {}, {source_folder() / "configs"});
}

struct Host {
  std::string name;
  std::string family;
  HypergradientOrder order;
  int64_t cells, epochs, batch;
  double learning_rate, architecture_rate;
  int64_t start_epoch;
  int64_t evaluation_batch;
  double drop_path;
};

const std::vector<Host>& hosts() {
  using enum HypergradientOrder;
  static const std::vector<Host> all{
      {"darts1st", "darts", kFirst, 8, 50, 64, 0.025, 3e-4, 0, 96, 0.2},
      {"darts2nd", "darts", kSecond, 8, 50, 64, 0.025, 3e-4, 0, 96, 0.2},
      {"pcdarts", "pcdarts", kSecond, 8, 50, 256, 0.1, 6e-4, 15, 128, 0.3},
      {"pdarts", "pdarts", kSecond, 5, 25, 96, 0.025, 6e-4, 10, 128, 0.3},
      {"prdarts", "prdarts", kSecond, 8, 200, 128, 0.025, 3e-4, 0, 128, 0.2},
  };
  return all;
}

/// What all searches have in common: table 7, table 9, §A.4 and §A.5.
void expect_common(const Config& config) {
  EXPECT_EQ(config.method, Method::kSanas);
  EXPECT_EQ(config.dataset.workers, 4);
  EXPECT_EQ(config.supernet.space, "darts");
  EXPECT_EQ(config.supernet.nodes, 4);
  EXPECT_EQ(config.supernet.options.channels, 16);
  EXPECT_EQ(config.search.max_steps, 0);
  EXPECT_EQ(config.search.weights.schedule.min_learning_rate, 0.0);
  EXPECT_EQ(config.search.weights.momentum, 0.9);
  EXPECT_FALSE(config.search.weights.nesterov);
  EXPECT_EQ(config.search.weights.gradient_clip, 5.0);
  EXPECT_EQ(config.search.architecture.optimizer, ArchitectureOptimizerKind::kAdam);
  EXPECT_THAT(config.search.architecture.betas, ElementsAre(0.5, 0.999));
  EXPECT_EQ(config.search.architecture.weight_decay, 1e-3);
  EXPECT_EQ(config.search.architecture.init_std, 1e-3);
  EXPECT_EQ(config.search.update_every.weights1, 1);
  EXPECT_EQ(config.search.update_every.weights2, 3);
  EXPECT_EQ(config.search.update_every.architecture, 5);
  EXPECT_EQ(config.search.hypergradient.gamma, 1.0);
  EXPECT_EQ(config.search.hypergradient.delta_step_size, 2.0 / 255.0);
  EXPECT_EQ(config.search.hypergradient.stage3_reduction, Stage3Reduction::kMean);
  EXPECT_EQ(config.search.attack.steps, 7);
  EXPECT_EQ(config.search.attack.epsilon, 8.0 / 255.0);
  EXPECT_EQ(config.search.attack.step_size, 2.0 / 255.0);
  EXPECT_EQ(config.search.attack.norm, AttackNorm::kLinf);
  EXPECT_EQ(config.search.attack.loss, AttackLoss::kSoft);
  EXPECT_TRUE(config.search.attack.random_start);
  EXPECT_FALSE(config.search.attack.detach_target);
  EXPECT_EQ(config.search.reweighting, Reweighting::kDelta);
}

/// Table 14, but for what differs between the hosts.
void expect_cifar_evaluation(const EvaluationOptions& evaluation) {
  EXPECT_EQ(evaluation.channels, 36);
  EXPECT_EQ(evaluation.cells, 20);
  EXPECT_EQ(evaluation.epochs, 600);
  EXPECT_EQ(evaluation.weights.schedule.learning_rate, 0.025);
  EXPECT_EQ(evaluation.weights.schedule.min_learning_rate, 0.0);
  EXPECT_EQ(evaluation.weights.momentum, 0.9);
  EXPECT_EQ(evaluation.weights.gradient_clip, 5.0);
  EXPECT_EQ(evaluation.auxiliary_weight, 0.4);
  EXPECT_EQ(evaluation.cutout, 16);
  EXPECT_EQ(evaluation.label_smoothing, 0.0);
  EXPECT_EQ(evaluation.weights.schedule.schedule, Schedule::kCosine);
  EXPECT_EQ(evaluation.weights.schedule.warm_up_epochs, 0);
}

/// Table 15, with the linear decay and the warm-up of I.2 and I.3.
void expect_imagenet_evaluation(const EvaluationOptions& evaluation) {
  EXPECT_EQ(evaluation.channels, 48);
  EXPECT_EQ(evaluation.cells, 14);
  EXPECT_EQ(evaluation.epochs, 250);
  EXPECT_EQ(evaluation.batch_size, 1024);
  EXPECT_EQ(evaluation.weights.schedule.learning_rate, 0.5);
  EXPECT_EQ(evaluation.weights.momentum, 0.9);
  EXPECT_EQ(evaluation.weights.weight_decay, 3e-5);
  EXPECT_EQ(evaluation.weights.gradient_clip, 5.0);
  EXPECT_EQ(evaluation.auxiliary_weight, 0.4);
  EXPECT_EQ(evaluation.drop_path, 0.0);
  EXPECT_EQ(evaluation.cutout, 0);
  EXPECT_EQ(evaluation.label_smoothing, 0.1);
  EXPECT_EQ(evaluation.weights.schedule.schedule, Schedule::kLinear);
  EXPECT_EQ(evaluation.weights.schedule.warm_up_epochs, 5);
}

void expect_cifar_augmentation(const Config& config) {
  EXPECT_EQ(config.dataset.augment.crop_padding, 4);
  EXPECT_TRUE(config.dataset.augment.flip);
  EXPECT_EQ(config.dataset.augment.cutout, 0);
  EXPECT_EQ(config.dataset.augment.random_resized_crop, 0);
}

class CifarConfigs : public ::testing::TestWithParam<std::string> {};

TEST_P(CifarConfigs, HaveTheNumbersOfTheSupplement) {
  for (const Host& host : hosts()) {
    SCOPED_TRACE(GetParam() + "_" + host.name);
    const Config config = shipped(GetParam() + "_" + host.name);
    EXPECT_EQ(config.name, GetParam() + "_" + host.name);
    EXPECT_EQ(config.dataset.source.name, GetParam());
    EXPECT_EQ(config.dataset.train_portion, 0.5);
    EXPECT_EQ(config.dataset.validation_portion, 0.0);
    expect_cifar_augmentation(config);
    expect_common(config);
    EXPECT_EQ(config.supernet.family, host.family);
    EXPECT_EQ(config.supernet.options.cells, host.cells);
    EXPECT_EQ(config.search.epochs, host.epochs);
    EXPECT_EQ(config.search.batch_size, host.batch);
    EXPECT_EQ(config.search.weights.schedule.learning_rate, host.learning_rate);
    EXPECT_EQ(config.search.weights.weight_decay, 3e-4);
    EXPECT_EQ(config.search.architecture.learning_rate, host.architecture_rate);
    EXPECT_EQ(config.search.architecture.start_epoch, host.start_epoch);
    EXPECT_EQ(config.search.hypergradient.order, host.order);
    expect_cifar_evaluation(config.evaluation);
    EXPECT_EQ(config.evaluation.batch_size, host.evaluation_batch);
    EXPECT_EQ(config.evaluation.drop_path, host.drop_path);
    const bool heavier = host.name == "pdarts" && GetParam() == "cifar100";
    EXPECT_EQ(config.evaluation.weights.weight_decay, heavier ? 5e-4 : 3e-4);
    EXPECT_NO_THROW(validate(config));
    EXPECT_TRUE(config_warnings(config, config).empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Datasets, CifarConfigs, ::testing::Values("cifar10", "cifar100"));

TEST(HostConfigs, HaveTheirOwnSettings) {
  EXPECT_EQ(shipped("cifar10_pcdarts").supernet.pcdarts.partial_channels, 4);
  const PdartsOptions pdarts = shipped("cifar10_pdarts").supernet.pdarts;
  EXPECT_THAT(pdarts.added_cells, ElementsAre(0, 6, 12)) << "5, 11 and 17 cells";
  EXPECT_THAT(pdarts.kept_operations, ElementsAre(5, 3, 1));
  EXPECT_THAT(pdarts.skip_dropout, ElementsAre(0.0, 0.4, 0.7));
  EXPECT_EQ(pdarts.max_skips, 2);
  EXPECT_EQ(shipped("cifar10_pdarts").search.architecture.start_epoch, 10);
  EXPECT_THAT(shipped("cifar100_pdarts").supernet.pdarts.skip_dropout, ElementsAre(0.1, 0.2, 0.3));
  const PrdartsOptions prdarts = shipped("cifar100_prdarts").supernet.prdarts;
  EXPECT_EQ(prdarts.temperature_start, 10.0);
  EXPECT_EQ(prdarts.temperature_end, 0.1);
  EXPECT_EQ(prdarts.stretch_low, -0.1);
  EXPECT_EQ(prdarts.stretch_high, 1.1);
  EXPECT_EQ(prdarts.sampled_operations, 2);
  EXPECT_EQ(prdarts.skip_penalty, 0.01);
  EXPECT_EQ(prdarts.group_penalty, 0.005);
  EXPECT_EQ(prdarts.depth_reward, 0.005);
}

TEST(ImageNetConfigs, HaveTheNumbersOfTheSupplement) {
  const Config config = shipped("imagenet_pcdarts");
  EXPECT_EQ(config.dataset.source.name, "imagenet");
  EXPECT_EQ(config.dataset.train_portion, 0.1);
  EXPECT_EQ(config.dataset.validation_portion, 0.025);
  EXPECT_EQ(config.dataset.augment.random_resized_crop, 224);
  expect_common(config);
  EXPECT_EQ(config.supernet.family, "pcdarts");
  EXPECT_EQ(config.supernet.pcdarts.partial_channels, 2);
  EXPECT_EQ(config.supernet.options.cells, 8);
  EXPECT_EQ(config.search.epochs, 50);
  EXPECT_EQ(config.search.batch_size, 1024);
  EXPECT_EQ(config.search.weights.schedule.learning_rate, 0.5);
  EXPECT_EQ(config.search.weights.weight_decay, 3e-5);
  EXPECT_EQ(config.search.architecture.learning_rate, 6e-3);
  EXPECT_EQ(config.search.architecture.start_epoch, 35);
  EXPECT_EQ(config.search.architecture.gradient_clip, 5.0);
  expect_imagenet_evaluation(config.evaluation);
  EXPECT_NO_THROW(validate(config));
}

TEST(EvaluationConfigs, HaveTheNumbersOfTheSupplement) {
  for (const char* dataset : {"cifar10", "cifar100"}) {
    const Config config = shipped(std::string("eval_") + dataset);
    EXPECT_EQ(config.dataset.source.name, dataset);
    expect_cifar_augmentation(config);
    expect_cifar_evaluation(config.evaluation);
    EXPECT_EQ(config.evaluation.batch_size, 96);
    EXPECT_EQ(config.evaluation.drop_path, 0.2);
    EXPECT_EQ(config.evaluation.weights.weight_decay, 3e-4);
  }
  const Config imagenet = shipped("eval_imagenet");
  expect_imagenet_evaluation(imagenet.evaluation);
  EXPECT_EQ(imagenet.dataset.augment.random_resized_crop, 224);
  EXPECT_THAT(imagenet.dataset.augment.color_jitter, ElementsAre(0.4, 0.4, 0.4, 0.2));
}

// Method §10: 36 channels and 20 cells for S1 and S3, 16 and 20 for S2 and S4, 16 and 8 on
// CIFAR-100.
TEST(EvaluationConfigs, OfTheReducedSpacesHaveTheSizesOfZela) {
  const auto sizes = [](const std::string& name) {
    const auto options = shipped(name).evaluation;
    EXPECT_EQ(options.epochs, 600) << name;
    EXPECT_EQ(options.batch_size, 96) << name;
    return std::pair{options.channels, options.cells};
  };
  EXPECT_EQ(sizes("eval_cifar10_s1s3"), (std::pair<int64_t, int64_t>{36, 20}));
  EXPECT_EQ(sizes("eval_cifar10_s2s4"), (std::pair<int64_t, int64_t>{16, 20}));
  EXPECT_EQ(sizes("eval_cifar100_s1s4"), (std::pair<int64_t, int64_t>{16, 8}));
}

// Supplement I.1 to I.4 and tables 14 and 15, decided per method (method §7 items 9 to 12);
// darts-family §5.6.
TEST(ShippedConfigs, EvaluationRecipesAreThoseOfTheirHosts) {
  struct Recipe {
    double drop_path;
    double learning_rate;
    double weight_decay;
    Schedule schedule;
    int64_t warm_up_epochs;
  };
  const std::map<std::string, Recipe> recipes{
      {"eval_cifar10", {0.2, 0.025, 3e-4, Schedule::kCosine, 0}},
      {"eval_cifar10_pcdarts", {0.3, 0.025, 3e-4, Schedule::kCosine, 0}},
      {"eval_cifar10_pdarts", {0.3, 0.025, 3e-4, Schedule::kCosine, 0}},
      {"eval_cifar10_prdarts", {0.2, 0.025, 3e-4, Schedule::kCosine, 0}},
      {"eval_cifar100", {0.2, 0.025, 3e-4, Schedule::kCosine, 0}},
      {"eval_cifar100_pcdarts", {0.3, 0.025, 3e-4, Schedule::kCosine, 0}},
      {"eval_cifar100_pdarts", {0.3, 0.025, 5e-4, Schedule::kCosine, 0}},
      {"eval_cifar100_prdarts", {0.2, 0.025, 3e-4, Schedule::kCosine, 0}},
      {"eval_imagenet", {0.0, 0.5, 3e-5, Schedule::kLinear, 5}},
      {"eval_imagenet_darts", {0.0, 0.1, 3e-5, Schedule::kExponential, 0}},
      {"eval_imagenet_pcdarts", {0.0, 0.5, 3e-5, Schedule::kLinear, 5}},
      {"eval_imagenet_prdarts", {0.0, 0.025, 3e-4, Schedule::kCosine, 0}},
  };
  for (const auto& [name, recipe] : recipes) {
    SCOPED_TRACE(name);
    const auto& o = shipped(name).evaluation;
    EXPECT_EQ(o.drop_path, recipe.drop_path);
    EXPECT_EQ(o.weights.schedule.learning_rate, recipe.learning_rate);
    EXPECT_EQ(o.weights.weight_decay, recipe.weight_decay);
    EXPECT_EQ(o.weights.schedule.schedule, recipe.schedule);
    EXPECT_EQ(o.weights.schedule.warm_up_epochs, recipe.warm_up_epochs);
    EXPECT_EQ(o.weights.schedule.warm_up_base,
              name == "eval_imagenet_pcdarts" ? WarmUpBase::kInitial : WarmUpBase::kScheduled);
  }
}

TEST(ShippedConfigs, AllParseValidateAndRoundTrip) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(source_folder() / "configs")) {
    SCOPED_TRACE(entry.path().string());
    const Config config = load_config(entry.path().string());
    EXPECT_EQ(config.name, entry.path().stem().string());
    EXPECT_NO_THROW(validate(config));
    EXPECT_TRUE(parse_config(to_yaml(config), "again.yaml") == config);
    ++files;
  }
  EXPECT_GE(files, 18);
}

TEST(ShippedConfigs, QuickstartIsSanasOnFashionMnist) {
  const Config config = shipped("quickstart");
  EXPECT_EQ(config.dataset.source.name, "fashion_mnist");
  EXPECT_FALSE(config.dataset.source.pad_to_32);
  EXPECT_EQ(config.method, Method::kSanas);
  EXPECT_EQ(config.search.update_every.weights2, 3);
  EXPECT_EQ(config.search.update_every.architecture, 5);
  EXPECT_EQ(config.search.attack.epsilon, 8.0 / 255.0);
}

TEST(ConfigurationPage, HasEveryKey) {
  const std::string page = read_text_file(source_folder() / "docs" / "configuration.md");
  for (const std::string& key : config_keys()) {
    EXPECT_NE(page.find("`" + key + "`"), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace sanas
