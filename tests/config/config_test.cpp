// SPDX-License-Identifier: Apache-2.0
#include "sanas/config/config.h"

#include <filesystem>
#include <limits>
#include <random>

#include "config/config_test_support.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return config_error([&] { parse(text, overrides); });
}

/// A configuration in which no key has its default.
constexpr const char* kUnusual = R"(
name: everything-1.2_x
method: plain
seed: 9223372036854775807
device: cuda:1
threads: 3
deterministic: true
on_nonfinite: skip
dataset: {name: cifar100, root: "/data with: 'odd' \"name\"", train_portion: 1/3,
          validation_portion: 0.25, holdout: 0.125, split_seed: 9, search_list: list.txt, workers: 0, subset: 77, pad_to_32: false, on_bad_sample: skip,
          normalize: none,
          augment: {crop_padding: 0, flip: false, cutout: 8, random_resized_crop: 64,
                    color_jitter: [0.1, 0.2, 0.3, 0.4], resize: 70, center_crop: 60}}
supernet: {family: pcdarts, space: s2, channels: 12, cells: 6, nodes: 3, odd_size: pad,
           initialization: 2018, zero: constant, pcdarts: {partial_channels: 3},
           pdarts: {added_cells: [1, 2], added_channels: [3, 4], skip_dropout: [0.1, 0.2],
                    kept_operations: [2, 1], max_skips: 5},
           prdarts: {temperature_start: 2, temperature_end: 0.3, stretch_low: -0.2,
                     stretch_high: 1.3, sampled_operations: 3, gate_dropout: 0.1,
                     skip_penalty: 0.2, group_penalty: 0.3, depth_reward: 0.4,
                     penalty_threshold: 0.5}}
search:
  strategy: random
  epochs: 7
  batch_size: 9
  max_steps: 11
  report_every: 13
  validate_every: 2
  validation_batch_size: 10
  architecture_batches: fresh
  adversarial_weights1: true
  sequential_stages: true
  precision: tf32
  saliency: {every: 3, images: photos, count: 9, masks: objects}
  weights: {optimizer: sgd, learning_rate: 0.3, min_learning_rate: 0.01, schedule: linear,
            warm_up_epochs: 3, warm_up_base: initial, momentum: 0.5,
            weight_decay: 0.002, nesterov: true, gradient_clip: 0}
  architecture: {optimizer: sgd, learning_rate: 0.7, betas: [0.25, 0.75], momentum: 0.6,
                 weight_decay: 0, gradient_clip: 1.5, init_std: 0.25, steps: 2,
                 start_epoch: 3}
  update_every: {weights1: 2, weights2: 4, architecture: 6}
  update_order: weights_first
  random: {epochs: 8, candidates: 9}
  eigenvalue: {every: 3, iterations: 7, stop: true, window: 6, factor: 1.5, delta: 2,
               start_epoch: 4}
hypergradient: {order: first, approximation: central_4, finite_difference_radius: 0.02,
                shared_passes: false, gamma: 0.5, weight1_step_size: 0.125,
                weight2_step_size: 1/7, delta_step_size: 3/255, virtual_momentum: false,
                virtual_weight_decay: false, implicit: identity, stage3_reduction: sum,
                inner_steps: {weights1: 2, delta: 3, weights2: 4},
                terms: {direct1: false, direct2: false, weights1: false, weights2: false,
                        delta_direct: false, delta_weights1: false}}
kernels: composed
attack: {space: normalized, jacobian: exact, start_epoch: 5, persistent: true, norm: l2, steps: 1, epsilon: 0.75, step_size: 5/255, random_start: false, loss: pseudo,
         detach_target: true}
reweight: one_plus_abs
reweight_normalization: unit_mean
evaluation: {initial_weights: w.pt, channels: 10, cells: 4, epochs: 21, batch_size: 22, max_steps: 23, report_every: 24,
             learning_rate: 0.4, min_learning_rate: 0.02, momentum: 0.8, weight_decay: 0.001,
             nesterov: true, gradient_clip: 2.5, auxiliary_weight: 0.3, auxiliary_variant: pdarts,
             drop_path: 0.15, cutout: 4, label_smoothing: 0.05, schedule: exponential,
             warm_up_epochs: 2, warm_up_base: initial, test_each_epoch: true, test_on: holdout,
             accumulation_steps: 2, precision: bfloat16, ema_decay: 0.75, test_images: 25,
             test_batch_size: 21, selection: test, inference: two_networks, latency_runs: 26}
checkpoint: {every_steps: 5, every_minutes: 2.5, keep: 7}
)";

TEST(ConfigText, EveryKeyReachesItsFieldAndComesBack) {
  const Config config = parse(kUnusual);
  // No key of kUnusual has its default, so one that is bound to nothing or to another's field
  // shows.
  const std::vector<std::string> changed = changed_keys(config, Config{});
  for (const std::string& key : config_keys()) {
    if (key != "search.weights.optimizer") {  // there is only one
      EXPECT_THAT(changed, testing::Contains(key));
    }
  }
  const std::string text = to_yaml(config);
  const Config again = parse_config(text, "other.yaml");
  EXPECT_THAT(changed_keys(config, again), IsEmpty());
  EXPECT_TRUE(config == again);
  EXPECT_EQ(to_yaml(again), text);
}

TEST(ConfigText, ValuesLandInTheOptionsOfTheLayers) {
  const Config config = parse(kUnusual);
  EXPECT_EQ(config.method, Method::kPlain);
  EXPECT_EQ(config.seed, 9223372036854775807ULL);
  EXPECT_EQ(config.dataset.source.root, fs::path("/data with: 'odd' \"name\""));
  EXPECT_EQ(config.dataset.train_portion, 1.0 / 3.0);
  EXPECT_EQ(config.dataset.normalize, NormalizationChoice::kNone);
  EXPECT_THAT(config.dataset.augment.color_jitter, ElementsAre(0.1, 0.2, 0.3, 0.4));
  EXPECT_EQ(config.supernet.options.channels, 12);
  EXPECT_EQ(config.supernet.options.zero, ZeroVariant::kConstant);
  EXPECT_THAT(config.supernet.pdarts.skip_dropout, ElementsAre(0.1, 0.2));
  EXPECT_EQ(config.search.architecture.start_epoch, 3);
  EXPECT_EQ(config.supernet.prdarts.stretch_low, -0.2);
  EXPECT_THAT(config.search.architecture.betas, ElementsAre(0.25, 0.75));
  EXPECT_EQ(config.search.update_every.architecture, 6);
  EXPECT_EQ(config.search.on_nonfinite, NonFinitePolicy::kSkip);
  EXPECT_EQ(config.checkpoint.every_steps, 5);
  EXPECT_EQ(config.checkpoint.every_minutes, 2.5);
  EXPECT_EQ(config.checkpoint.keep, 7);
  EXPECT_EQ(config.search.reweighting, Reweighting::kOnePlusAbs);
  EXPECT_EQ(config.search.hypergradient.order, HypergradientOrder::kFirst);
  EXPECT_EQ(config.search.hypergradient.weight2_step_size, 1.0 / 7.0);
  EXPECT_EQ(config.search.hypergradient.delta_step_size, 3.0 / 255.0);
  EXPECT_EQ(config.search.attack.step_size, 5.0 / 255.0);
  EXPECT_EQ(config.search.attack.norm, AttackNorm::kL2);
  EXPECT_EQ(config.evaluation.weights.schedule.schedule, Schedule::kExponential);
}

TEST(ConfigText, KeysThatAreNotGivenHaveTheDefaults) {
  const Config config = parse_config("seed: 2\n", "dir/other.yaml");
  EXPECT_THAT(changed_keys(config, Config{}), ElementsAre("name"));
  EXPECT_EQ(config.name, "other") << "the name of the file";
  EXPECT_FALSE(config.search.hypergradient.weight1_step_size.has_value());
  EXPECT_EQ(
      parse("hypergradient: {weight1_step_size: auto}\n").search.hypergradient.weight1_step_size,
      std::nullopt);
}

/// What a run writes down has to be what a resume reads.
void expect_written_and_read(const Config& config) {
  const std::string text = to_yaml(config);
  EXPECT_EQ(to_yaml(parse_config(text, "config.yaml")), text);
  EXPECT_NO_THROW(check_writable(config));
}

TEST(ConfigName, IsThatOfAnyFile) {
  const std::vector<std::pair<std::string, std::string>> names{
      {"my run (γ=0.5).yaml", "my run (γ=0.5)"},
      {"v1+v2.yaml", "v1+v2"},
      {"größe.yml", "größe"},
      {".hidden.yaml", ".hidden"},
      {"a,b.yaml", "a,b"},
      {"-x.yaml", "-x"},
      {"a/b c/it's #1: \"q\" \\ %.yaml", "it's #1: \"q\" \\ %"},
      {"null.yaml", "null"},
      {"~.yaml", "~"},
      {" .yaml", " "},
      {"two\nlines\t.yaml", "two-lines-"},
      {"caf\xe9.yaml", "caf-"},
      {"", "run"},
      {std::string(240, 'x') + ".yaml", std::string(200, 'x')},
      {std::string(199, 'x') + "γ.yaml", std::string(199, 'x')},
  };
  for (const auto& [file, name] : names) {
    SCOPED_TRACE(file);
    const Config config = parse_config("seed: 1\n", file);
    EXPECT_EQ(config.name, name);
    expect_written_and_read(config);
  }
  EXPECT_EQ(parse("name: my run\n").name, "my run");
  EXPECT_EQ(
      error_of("name: \"a\\nb\"\n"),
      "dir/run.yaml:1: name: the text 'a b' is wrong; expected one line without '/' of at most 200 "
      "bytes");
  EXPECT_THAT(error_of("name: " + std::string(201, 'x') + "\n"), HasSubstr("at most 200 bytes"));
  EXPECT_THAT(error_of("name: caf\xe9\n"), HasSubstr("dir/run.yaml:1: name: the text is no UTF-8"));
}

/// Names of files and texts of keys from random bytes: refused, or written and read the same.
TEST(ConfigName, IsReadBackWhateverItIsMadeOf) {
  std::mt19937 random(1);
  const auto random_text = [&](size_t longest) {
    constexpr std::string_view kOdd = "\"'\\#:-~.,[]{}&*!|>%@`? \t\nnull";
    std::string text;
    for (size_t length = random() % longest; text.size() < length;) {
      text +=
          random() % 2 == 0 ? kOdd[random() % kOdd.size()] : static_cast<char>(1 + random() % 255);
    }
    return text;
  };
  int accepted = 0;
  for (int i = 0; i < 300; ++i) {
    Config config = parse_config("seed: 1\n", random_text(30));
    config.dataset.source.root = random_text(8);
    try {
      check_writable(config);
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr("root"));
      config.dataset.source.root = "data";
    }
    accepted += config.dataset.source.root == "data" ? 0 : 1;
    expect_written_and_read(config);
  }
  EXPECT_GT(accepted, 20);
}

TEST(ConfigName, ValuesThatNoFileWasReadForAreCheckedBeforeARunWritesThem) {
  const auto refused = [](const std::function<void(Config&)>& change) {
    Config config = parse_config("seed: 1\n", "x.yaml");
    change(config);
    return config_error([&] { check_writable(config); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refused([&](Config& c) { c.search.attack.epsilon = nan; }),
              HasSubstr("attack.epsilon: 'nan'"));
  EXPECT_THAT(refused([&](Config& c) { c.search.hypergradient.gamma = 1e300; }),
              HasSubstr("hypergradient.gamma: '1e+300'"));
  EXPECT_THAT(refused([](Config& c) { c.dataset.source.root = "a\nb"; }),
              HasSubstr("dataset.root: the text 'a b' is wrong"));
  EXPECT_THAT(refused([](Config& c) { c.evaluation.initial_weights = "caf\xe9.pt"; }),
              HasSubstr("evaluation.initial_weights: the text is no UTF-8"));
  EXPECT_THAT(refused([](Config& c) { c.evaluation.cells = 5000; }), HasSubstr("evaluation.cells"));
  EXPECT_THAT(refused([](Config& c) { c.seed = ~uint64_t{0}; }), HasSubstr("seed"));
  EXPECT_THAT(refused([](Config& c) { c.supernet.pdarts.added_cells = {}; }),
              HasSubstr("added_cells"));
  EXPECT_THAT(refused([](Config& c) { c.name = "a\nb"; }), HasSubstr("name"));
}

TEST(ConfigErrors, UnknownKeyNamesTheNearest) {
  EXPECT_EQ(error_of("name: x\nsearch:\n  epoch: 3\n"),
            "dir/run.yaml:3: search.epoch: unknown key; did you mean 'search.epochs'?");
  EXPECT_EQ(error_of("atack: {steps: 3}\n"),
            "dir/run.yaml:1: atack: unknown key; did you mean 'attack'?");
  EXPECT_EQ(error_of("search:\n  learning_rate: 3\n"),
            "dir/run.yaml:2: search.learning_rate: unknown key; did you mean "
            "'search.weights.learning_rate'?");
  EXPECT_EQ(error_of("a: 1\n", {"search.weights.momentun=0.5"}),
            "--set search.weights.momentun: unknown key; did you mean 'search.weights.momentum'?");
}

TEST(ConfigErrors, KeyGivenTwice) {
  EXPECT_EQ(error_of("seed: 1\nsearch: {epochs: 3,\n  epochs: 4}\n"),
            "dir/run.yaml:3: search.epochs: given twice, first at dir/run.yaml:2");
}

TEST(ConfigErrors, WrongType) {
  EXPECT_EQ(error_of("search: {epochs: many}\n"),
            "dir/run.yaml:1: search.epochs: 'many' is not an integer; expected an integer of at "
            "least 1");
  EXPECT_THAT(error_of("search: {epochs: 1.5}\n"), HasSubstr("'1.5' is not an integer"));
  EXPECT_THAT(error_of("search: {epochs: \"5\"}\n"),
              HasSubstr("the text '5' is of the wrong type"));
  EXPECT_THAT(error_of("search: {epochs: [1]}\n"), HasSubstr("a list is of the wrong type"));
  EXPECT_THAT(error_of("search: {epochs: }\n"), HasSubstr("nothing is of the wrong type"));
  EXPECT_THAT(error_of("search: 5\n"), HasSubstr("search: '5' is wrong; expected a section"));
  EXPECT_THAT(error_of("deterministic: yes\n"), HasSubstr("expected true or false"));
  EXPECT_THAT(error_of("hypergradient: {gamma: big}\n"),
              HasSubstr("'big' is not a finite number; expected a number of at least 0"));
  EXPECT_THAT(error_of("hypergradient: {weight1_step_size: default}\n"),
              HasSubstr("expected auto or a number of at least 0"));
  EXPECT_THAT(error_of("search: {architecture: {betas: [0.5]}}\n"),
              HasSubstr("a list of 1; expected a list of 2"));
  EXPECT_THAT(error_of("name: {a: b}\n"), HasSubstr("name: a section is wrong"));
  EXPECT_THAT(error_of("- a\n- b\n"), HasSubstr("expected keys and values"));
  EXPECT_THAT(error_of("\n"), HasSubstr("is empty"));
}

TEST(ConfigErrors, OutOfRange) {
  EXPECT_EQ(error_of("search:\n  batch_size: 0\n"),
            "dir/run.yaml:2: search.batch_size: '0' is out of range; expected an integer of at "
            "least 1");
  EXPECT_THAT(error_of("search: {epochs: 99999999999999999999}\n"), HasSubstr("is out of range"));
  EXPECT_THAT(error_of("seed: -1\n"), HasSubstr("out of range"));
  EXPECT_THAT(error_of("attack: {epsilon: 0/255}\n"), HasSubstr("expected a number above 0"));
  EXPECT_THAT(error_of("dataset: {train_portion: 1.0}\n"),
              HasSubstr("expected a number above 0 and below 1"));
  EXPECT_THAT(error_of("search: {weights: {momentum: 1}}\n"),
              HasSubstr("expected a number of at least 0 and below 1"));
  EXPECT_THAT(error_of("supernet: {nodes: 17}\n"), HasSubstr("expected an integer from 1 to 16"));
  EXPECT_THAT(error_of("supernet: {prdarts: {stretch_low: 0}}\n"), HasSubstr("a number below 0"));
  EXPECT_THAT(error_of("attack: {epsilon: 1e999}\n"), HasSubstr("not a finite number"));
  EXPECT_THAT(error_of("name: ../elsewhere\n"), HasSubstr("name: '../elsewhere' is wrong"));
  EXPECT_THAT(error_of("device: gpu\n"), HasSubstr("expected auto, cpu, cuda or cuda:N"));
}

TEST(ConfigErrors, UnknownNameListsTheKnownOnesAndTheNearest) {
  EXPECT_EQ(error_of("attack: {loss: sofd}\n"),
            "dir/run.yaml:1: attack.loss: 'sofd' is unknown; expected one of soft, label, pseudo; "
            "did you mean 'soft'?");
  EXPECT_THAT(error_of("dataset: {name: cifar-10}\n"), HasSubstr("did you mean 'cifar10'?"));
  EXPECT_THAT(error_of("method: sana\n"), HasSubstr("sanas, plain, ec, cdep, gmpgc"));
}

TEST(ConfigErrors, AreOneLineWhateverTheFileHolds) {
  EXPECT_EQ(error_of("attack: {loss: \"a\\nb\"}\n").find('\n'), std::string::npos);
  EXPECT_EQ(error_of("attack: {loss: " + std::string(5000, 'x') + "}\n").size() < 300, true);
  EXPECT_EQ(error_of("\"a\\nb\": 1\n").find('\n'), std::string::npos);
}

TEST(ConfigOverrides, WinOverTheFileInOrder) {
  const Config config = parse("search: {epochs: 3, batch_size: 5}\n",
                              {"search.epochs=4", "search.epochs=5", "attack.epsilon=4/255",
                               "search.architecture.betas=[0.1, 0.2]", "evaluation={epochs: 2}"});
  EXPECT_EQ(config.search.epochs, 5);
  EXPECT_EQ(config.search.batch_size, 5);
  EXPECT_EQ(config.search.attack.epsilon, 4.0 / 255.0);
  EXPECT_THAT(config.search.architecture.betas, ElementsAre(0.1, 0.2));
  EXPECT_EQ(config.evaluation.epochs, 2);
  EXPECT_EQ(error_of("seed: 1\n", {"search.epochs=0"}),
            "--set search.epochs: '0' is out of range; expected an integer of at least 1");
}

}  // namespace
}  // namespace sanas
