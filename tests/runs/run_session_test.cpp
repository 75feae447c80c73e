// SPDX-License-Identifier: Apache-2.0
// How runs begin and go on: what is refused before anything is written, and what a resume needs.
#include "runs/run_session.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/config_test_support.h"
#include "runs/small_runs.h"
#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/formats/safetensors.h"
#include "sanas/runs/random_search.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

using RunSessions = SmallRuns;

TEST_F(RunSessions, ARunOfAnotherKindIsNotGoneOnWith) {
  search("searched");
  const std::string genotype = test::content_of(folder_ / "searched" / "genotype.txt");
  EXPECT_THAT(config_error([&] { train("searched", true); }),
              HasSubstr("holds a run of sanas_search; sanas_eval can't go on with it"));
  config_.strategy = Strategy::kRandom;
  config_.random_search = {.epochs = 1, .candidates = 1};
  EXPECT_THAT(config_error([&] { run_random_search(config_, options("searched", true), log_); }),
              HasSubstr("changed: search.strategy"));
  EXPECT_EQ(test::content_of(folder_ / "searched" / "genotype.txt"), genotype);
  EXPECT_FALSE(fs::exists(folder_ / "searched" / "candidates"));

  run_random_search(config_, options("random"), log_);
  const std::string best = test::content_of(folder_ / "random" / "genotype.txt");
  config_.strategy = Strategy::kGradient;
  EXPECT_THAT(config_error([&] { search("random", true); }), HasSubstr("search.strategy"));
  // As it was before the key: the folder tells.
  const auto file = folder_ / "random" / "config.yaml";
  std::string text = test::content_of(file);
  text.erase(text.find("  strategy: random\n"), std::string("  strategy: random\n").size());
  test::write_content(file, text);
  EXPECT_THAT(config_error([&] { search("random", true); }), HasSubstr("search.strategy"));
  config_.strategy = Strategy::kRandom;
  run_random_search(config_, options("random", true), log_);
  EXPECT_EQ(test::content_of(folder_ / "random" / "genotype.txt"), best);
}

// To tell its images takes a look at the name of each.
TEST_F(RunSessions, ABeginningIsNotAskedForItsImages) {
  RunSession session(SessionKind::kTraining, config_, options("new"), log_);
  const auto images = []() -> std::string {
    ADD_FAILURE() << "there is nothing to compare with";
    return "";
  };
  EXPECT_FALSE(session.resume(images, 1).has_value());
}

TEST_F(RunSessions, AResumeNeedsNoFileOfTheBeginning) {
  config_.evaluation.max_steps = 2;
  train("first");
  config_.evaluation.initial_weights = folder_ / "mine.safetensors";
  fs::copy_file(folder_ / "first" / "weights.safetensors", config_.evaluation.initial_weights);
  config_.dataset.search_list = folder_ / "list.txt";
  config_.evaluation.test_on = TestImages::kValidation;  // which needs the list
  config_.evaluation.max_steps = 0;
  train("whole");

  config_.evaluation.max_steps = 1;
  train("cut");
  fs::remove(folder_ / "mine.safetensors");
  fs::remove(folder_ / "list.txt");
  config_.evaluation.max_steps = 0;
  config_.evaluation.initial_weights.clear();
  train("cut", true);
  EXPECT_EQ(content_of("cut", "weights.safetensors"), content_of("whole", "weights.safetensors"));
  EXPECT_FALSE(fs::exists(folder_ / "list.txt"));
  const Config recorded = load_config((folder_ / "cut" / "config.yaml").string());
  EXPECT_EQ(recorded.evaluation.initial_weights, folder_ / "mine.safetensors");

  // The same images in another order are another list.
  std::string list = test::content_of(folder_ / "cut" / "search_list.txt");
  const size_t last = list.rfind('\n', list.size() - 2) + 1;
  const size_t before = list.rfind('\n', last - 2) + 1;
  list = list.substr(0, before) + list.substr(last) + list.substr(before, last - before);
  test::write_content(folder_ / "list.txt", list);
  EXPECT_THAT([&] { train("cut", true); },
              testing::ThrowsMessage<DataError>(HasSubstr("is another list")));
}

TEST_F(RunSessions, WeightsThatAreNotFiniteAreNamed) {
  config_.evaluation.max_steps = 1;
  train("first");
  const auto file = folder_ / "first" / "weights.safetensors";
  NamedTensors tensors = read_safetensors(file);
  tensors.tensors["classifier.weight"][0][0] = std::numeric_limits<float>::quiet_NaN();
  config_.evaluation.initial_weights = folder_ / "nan.safetensors";
  write_safetensors(config_.evaluation.initial_weights, tensors);
  config_.search.on_nonfinite = NonFinitePolicy::kSkip;
  EXPECT_THAT(
      test::file_error([&] { train("nan"); }),
      AllOf(HasSubstr("nan.safetensors"), HasSubstr("'classifier.weight'"), HasSubstr("finite")));
  EXPECT_FALSE(fs::exists(folder_ / "nan"));
}

/// A resume would end at once, again and again.
TEST_F(RunSessions, GoesBackBehindACheckpointWithWeightsThatAreNotFinite) {
  config_.evaluation.epochs = 2;
  config_.checkpoint = {.every_steps = 1, .every_minutes = 0.0, .keep = 3};
  train("whole");
  config_.evaluation.max_steps = 2;
  train("cut");
  const auto last = folder_ / "cut" / "checkpoints" / "last.safetensors";
  NamedTensors tensors = read_safetensors(last);
  tensors.tensors["net.classifier.bias"][0] = std::numeric_limits<float>::infinity();
  request_checksum(tensors);
  write_safetensors(last, tensors);
  config_.evaluation.max_steps = 0;
  train("cut", true);
  EXPECT_EQ(content_of("cut", "weights.safetensors"), content_of("whole", "weights.safetensors"));
  EXPECT_THAT(test::content_of(folder_ / "cut" / "log.txt"),
              AllOf(HasSubstr("'net.classifier.bias'"), HasSubstr("going back to")));
}

/// What begins with one of these words goes into the search, so all of it has to be finite.
TEST_F(RunSessions, ASearchGoesBackWhicheverOfItsTensorsIsNotFinite) {
  config_.method = Method::kSanas;
  config_.search.update_every = {.weights2 = 1, .architecture = 2};
  config_.checkpoint = {.every_steps = 1, .every_minutes = 0.0, .keep = 3};
  config_.search.attack.steps = 1;
  config_.search.max_steps = 2;
  search("cut");
  for (const std::string word : {"w1.", "m1.", "w2.", "m2.", "alphas_", "architecture_opt"}) {
    SCOPED_TRACE(word);
    fs::copy(folder_ / "cut", folder_ / word, fs::copy_options::recursive);
    const auto last = folder_ / word / "checkpoints" / "last.safetensors";
    NamedTensors tensors = read_safetensors(last);
    const auto items = tensors.tensors.items();
    const auto found = std::find_if(items.begin(), items.end(), [&](const auto& entry) {
      return entry.key().starts_with(word) && entry.value().is_floating_point();
    });
    ASSERT_NE(found, items.end());
    tensors.tensors[found->key()].flatten()[0] = std::numeric_limits<float>::quiet_NaN();
    request_checksum(tensors);
    write_safetensors(last, tensors);
    search(word, true);
    EXPECT_THAT(content_of(word, "log.txt"),
                AllOf(HasSubstr("'" + found->key() + "' has numbers that are not finite"),
                      HasSubstr("going back to"), HasSubstr("Resuming after mini-batch 1")));
  }
}

/// The mini-batches of `phase` that the metrics of a run tell of.
std::vector<int64_t> steps_in(const std::string& metrics, const std::string& phase) {
  std::istringstream lines(metrics);
  std::vector<int64_t> steps;
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("phase") == phase) {
      steps.push_back(record.at("step").get<int64_t>());
    }
  }
  return steps;
}

TEST_F(RunSessions, AResumeCutsOffWhatTheMetricsTellOfLaterMiniBatches) {
  config_.checkpoint = {.every_steps = 1, .every_minutes = 0.0, .keep = 3};
  config_.evaluation.max_steps = config_.search.max_steps = 2;
  train("train");
  search("search");
  config_.evaluation.max_steps = config_.search.max_steps = 3;
  for (const std::string run : {"train", "search"}) {
    EXPECT_THAT(steps_in(content_of(run, "metrics.jsonl"), run), ElementsAre(0, 1));
    fs::remove(folder_ / run / "checkpoints" / "last.safetensors");  // that of two mini-batches
  }
  train("train", true);
  search("search", true);
  for (const std::string run : {"train", "search"}) {
    EXPECT_THAT(steps_in(content_of(run, "metrics.jsonl"), run), ElementsAre(0, 1, 2));
    EXPECT_THAT(steps_in(content_of(run, "metrics.jsonl"), run + "_epoch"), ElementsAre(3));
    EXPECT_THAT(content_of(run, "log.txt"), HasSubstr("Resuming after mini-batch 1"));
  }
}

TEST_F(RunSessions, ADamagedConfigurationInACheckpointIsADamagedFile) {
  NamedTensors tensors;
  write_checkpoint_info(tensors, {.kind = "evaluation", .config = config_});
  EXPECT_EQ(read_checkpoint_info(tensors, "a").kind, "evaluation");
  tensors.metadata["config"] = "seed: x\n";
  EXPECT_THAT(test::file_error([&] { read_checkpoint_info(tensors, "a.safetensors"); }),
              AllOf(HasSubstr("a.safetensors (its configuration):1: seed: 'x'")));
}

TEST_F(RunSessions, AResumeThatIsRefusedChangesNothing) {
  config_.evaluation.max_steps = config_.search.max_steps = 2;
  train("trained");
  search("searched");
  config_.evaluation.max_steps = config_.search.max_steps = 1;
  const std::vector<std::string> files{"config.yaml", "metrics.jsonl", "sessions.jsonl",
                                       "report.html", "weights.safetensors"};
  const auto contents = [&](const std::string& run) {
    std::vector<std::string> all;
    for (const auto& file : files) {
      all.push_back(fs::exists(folder_ / run / file) ? content_of(run, file) : "none");
    }
    return all;
  };
  const auto trained = contents("trained");
  const auto searched = contents("searched");
  EXPECT_THAT(config_error([&] { train("trained", true); }),
              HasSubstr("2 mini-batches are done, evaluation.max_steps allows 1"));
  EXPECT_THAT(config_error([&] { search("searched", true); }),
              HasSubstr("2 mini-batches are done, search.max_steps allows 1"));
  EXPECT_EQ(contents("trained"), trained);
  EXPECT_EQ(contents("searched"), searched);
}

}  // namespace
}  // namespace sanas
