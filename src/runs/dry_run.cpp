// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/dry_run.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/format.h"
#include "data/dataset_reading.h"
#include "sanas/core/error.h"
#include "sanas/core/phase_display.h"
#include "sanas/nn/network_size.h"
#include "sanas/runs/evaluation_run.h"
#include "sanas/runs/search_run.h"
#include "sanas/search/perturbation_store.h"
#include "sanas/setup/networks.h"

namespace sanas {
namespace {

constexpr int64_t kTinyBatch = 2;

/// A folder of its own that vanishes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code error;
    const auto base = std::filesystem::temp_directory_path(error);
    std::string pattern = (base / "sanas-dry-run-XXXXXX").string();
    if (error || mkdtemp(pattern.data()) == nullptr) {
      throw FileError("no temporary folder can be made: " +
                      (error ? "TMPDIR is no folder" : pattern + ": " + std::strerror(errno)));
    }
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string gibibytes(double bytes) { return format("%.2f GiB", bytes / (1U << 30U)); }

struct Estimate {
  int64_t parameters;
  int64_t macs;
  int64_t activations;
};

Estimate estimate(torch::nn::Module& net, const std::function<void()>& forward) {
  return {count_parameters(net), count_macs(forward), count_activations(forward)};
}

/// Weights, gradients, momentum and a displaced copy, and what the backward pass keeps of a batch.
double memory_estimate(const Estimate& e, int64_t networks, int64_t batch_size) {
  return 4.0 * (4.0 * static_cast<double>(networks * e.parameters) +
                static_cast<double>(batch_size * e.activations));
}

/// The perturbations that a search keeps.
double kept_bytes(const Config& config, const Dataset& dataset, int64_t image_size) {
  const auto images =
      static_cast<int64_t>(config.dataset.train_portion * static_cast<double>(dataset.size()));
  return config.search.keep_perturbations
             ? static_cast<double>(perturbation_bytes(images, image_size, image_size))
             : 0.0;
}

/// What is tried: the list of a search's images is drawn, but not left behind.
Config tried(const Config& config) {
  Config tiny = config;
  tiny.dataset.workers = 0;
  if (!std::filesystem::exists(config.dataset.search_list)) {
    tiny.dataset.search_list.clear();
  }
  return tiny;
}

}  // namespace

std::string dry_run_search(const Config& config, Log& log) {
  std::string text = to_yaml(config);
  {
    PhaseDisplay phases(progress_options(log.quiet(), log));
    const auto dataset = open_dataset(config.dataset.source, Split::kTrain, phases);
    const auto& info = dataset->info();
    const auto networks =
        make_search_networks(config, info, first_stage(config.supernet), torch::kCPU);
    auto& net = *networks.net1;
    const int64_t size = batch_image_size(config.dataset.augment, info.height);
    const auto sizes = estimate(net, [&] { net.forward(torch::zeros({1, 3, size, size})); });
    text += format("\n# search network: %lld parameters, %lld multiply-adds per image\n",
                   static_cast<long long>(sizes.parameters), static_cast<long long>(sizes.macs));
    const double network_bytes =
        memory_estimate(sizes, networks.net2 ? 2 : 1, config.search.batch_size);
    text += "# memory, about: " + gibibytes(network_bytes + kept_bytes(config, *dataset, size)) +
            format(" at batch size %lld\n", static_cast<long long>(config.search.batch_size));
  }

  const TemporaryFolder folder;
  Config tiny = tried(config);
  tiny.search.batch_size = kTinyBatch;
  tiny.search.max_steps = 1;
  tiny.search.report_every = 1;
  tiny.search.validate_every = 0;
  tiny.search.architecture.start_epoch = 0;
  tiny.search.attack_start_epoch = 0;
  const auto summary = run_search(tiny, {.out = folder / "run", .quiet = log.quiet()}, log);
  if (summary.outcome == RunOutcome::kStopped) {
    throw Interrupted();
  }
  text += format("# one architecture step: %lld forward-backward passes\n",
                 static_cast<long long>(summary.architecture_passes));
  return text + "# one mini-batch of two images went through every phase\n";
}

std::string dry_run_evaluation(const Config& config, const Genotype& genotype, Log& log) {
  std::string text = to_yaml(config);
  {
    PhaseDisplay phases(progress_options(log.quiet(), log));
    const auto dataset = open_dataset(config.dataset.source, Split::kTrain, phases);
    const auto& info = dataset->info();
    const auto network = make_eval_network(config, genotype, info, torch::kCPU);
    network->eval();
    const int64_t size = batch_image_size(config.dataset.augment, info.height);
    const auto sizes = estimate(*network, [&] {
      network->forward(torch::zeros({1, 3, size, size}));
    });
    text += "\n# genotype: " + to_string(genotype) + "\n";
    text += format("# network: %lld parameters, %lld multiply-adds per image\n",
                   static_cast<long long>(sizes.parameters), static_cast<long long>(sizes.macs));
    text +=
        "# memory, about: " + gibibytes(memory_estimate(sizes, 1, config.evaluation.batch_size)) +
        format(" at batch size %lld\n", static_cast<long long>(config.evaluation.batch_size));
  }
  const TemporaryFolder folder;
  Config tiny = tried(config);
  tiny.evaluation.batch_size = kTinyBatch;
  tiny.evaluation.accumulation_steps = 1;
  tiny.evaluation.max_steps = 1;
  tiny.evaluation.report_every = 1;
  tiny.evaluation.test_images = kTinyBatch;
  const auto outcome =
      run_evaluation(tiny, genotype, {.out = folder / "run", .quiet = log.quiet()}, log);
  if (outcome == RunOutcome::kStopped) {
    throw Interrupted();
  }
  return text + "# one mini-batch of two images went through training and test\n";
}

}  // namespace sanas
