// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/dry_run.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/allocation_meter.h"
#include "core/format.h"
#include "data/dataset_reading.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/phase_display.h"
#include "sanas/nn/cost.h"
#include "sanas/runs/evaluation_run.h"
#include "sanas/runs/search_run.h"
#include "sanas/search/perturbation_store.h"
#include "sanas/search/search_loop.h"
#include "sanas/setup/evaluation_data.h"
#include "sanas/setup/networks.h"
#include "sanas/setup/search_setup.h"
#include "sanas/train/evaluation_loop.h"
#include "setup/configured_device.h"

namespace sanas {
namespace {

/// What a dry run computes with, and a little more to tell what an image takes.
constexpr int64_t kTinyBatch = 2;
constexpr int64_t kNextBatch = 3;

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

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string gibibytes(double bytes) { return format("%.2f GiB", bytes / (1U << 30U)); }

/// For the report: parameters, and multiply-adds of an image.
std::string size_text(const std::string& network, torch::nn::Module& net,
                      const std::function<void()>& forward) {
  return format("# %s: %lld parameters, %lld multiply-adds per image\n", network.c_str(),
                static_cast<long long>(count_parameters(net)),
                static_cast<long long>(count_macs(forward)));
}

/// What a run with `batch_size` images takes in tensors: all that it holds is in proportion to them
/// or does not depend on them. @param peak what it takes with so many.
double extrapolated(int64_t batch_size, const std::function<int64_t(int64_t images)>& peak) {
  const auto tiny = static_cast<double>(peak(kTinyBatch));
  const auto next = static_cast<double>(peak(kNextBatch));
  return tiny + (next - tiny) * static_cast<double>(batch_size - kTinyBatch);
}

/// Bytes of tensors in the mini-batches of a search, without what is drawn and measured beside it.
int64_t peak_of_search(Config config, Log& log) {
  if (!config.search.attack.is_differentiated()) {  // one step after the other takes no more
    config.search.attack.steps = std::min<int64_t>(config.search.attack.steps, 1);
  }
  SearchSetup setup(config, configured_device(config), log);
  const AllocationMeter meter;
  const SearchStage stage = setup.first_stage();
  const SearchNetworks networks = setup.networks(stage);
  const SearchData data = setup.data(stage, *networks.net1);
  SearchLoop(networks, data, setup.options(stage), setup.device()).run();
  return meter.peak_bytes();
}

/// The same of a training.
int64_t peak_of_training(const Config& config, const Genotype& genotype, Log& log) {
  const auto device = configured_device(config);
  EvaluationImages images(config, device, log);
  const AllocationMeter meter;
  const auto network = make_eval_network(config, genotype, images.info(), device);
  EvaluationLoop(*network, make_normalization(config, images.info()),
                 {images.train(), images.test(), images.validation(), {}},
                 evaluation_options(config), device)
      .run();
  return meter.peak_bytes();
}

/// @param tensors bytes. @param program bytes of everything else, on the CPU.
std::string memory_text(double tensors, int64_t program, int64_t batch_size) {
  return "# memory, about: " + gibibytes(tensors + static_cast<double>(program)) +
         format(" at batch size %lld\n", static_cast<long long>(batch_size));
}

/// The perturbations that a search keeps.
double kept_bytes(const Config& config, const Dataset& dataset, int64_t image_size) {
  const auto images =
      static_cast<int64_t>(config.dataset.train_portion * static_cast<double>(dataset.size()));
  return config.search.keep_perturbations
             ? static_cast<double>(perturbation_bytes(images, image_size, image_size))
             : 0.0;
}

/// What the process holds before anything is computed, LibTorch and the data set included, where
/// tensors lie in the same memory.
int64_t program_bytes(const Config& config) {
  return resolve_device(config.device).is_cuda() ? 0 : peak_memory_bytes(torch::kCPU);
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
  double kept = 0.0;
  {
    PhaseDisplay phases(progress_options(log.quiet(), log));
    const auto dataset = open_dataset(config.dataset.source, Split::kTrain, phases);
    const auto& info = dataset->info();
    const auto networks =
        make_search_networks(config, info, first_stage(config.supernet), torch::kCPU);
    auto& net = *networks.net1;
    const int64_t size = batch_image_size(config.dataset.augment, info.height);
    text += "\n" + size_text("search network", net, [&] {
              net.forward(torch::zeros({1, 3, size, size}));
            });
    kept = kept_bytes(config, *dataset, size);
  }

  const int64_t program = program_bytes(config);
  const TemporaryFolder folder;
  Config tiny = tried(config);
  tiny.search.max_steps = 1;
  tiny.search.report_every = 1;
  tiny.search.validate_every = 0;
  tiny.search.architecture.start_epoch = 0;
  tiny.search.attack_start_epoch = 0;
  tiny.search.batch_size = kTinyBatch;
  tiny.saliency.count = 1;
  const auto summary = run_search(tiny, {.out = folder / "run", .quiet = log.quiet()}, log);
  if (summary.outcome == RunOutcome::kStopped) {
    throw Interrupted();
  }
  const double tensors = extrapolated(config.search.batch_size, [&](int64_t images) {
    tiny.search.batch_size = images;
    return peak_of_search(tiny, log);
  });
  text += memory_text(tensors + kept, program, config.search.batch_size);
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
    text += "\n# genotype: " + to_string(genotype) + "\n";
    text += size_text("network", *network, [&] {
      network->forward(torch::zeros({1, 3, size, size}));
    });
  }

  const int64_t program = program_bytes(config);
  const TemporaryFolder folder;
  Config tiny = tried(config);
  tiny.evaluation.accumulation_steps = 1;
  tiny.evaluation.max_steps = 1;
  tiny.evaluation.report_every = 1;
  tiny.evaluation.batch_size = kTinyBatch;
  tiny.evaluation.test_images = kTinyBatch;
  if (run_evaluation(tiny, genotype, {.out = folder / "run", .quiet = log.quiet()}, log) ==
      RunOutcome::kStopped) {
    throw Interrupted();
  }
  const int64_t part =
      std::max<int64_t>(1, config.evaluation.batch_size / config.evaluation.accumulation_steps);
  const double tensors = extrapolated(part, [&](int64_t images) {
    tiny.evaluation.batch_size = images;
    return peak_of_training(tiny, genotype, log);
  });
  text += memory_text(tensors, program, config.evaluation.batch_size);
  return text + "# one mini-batch of two images went through training and test\n";
}

}  // namespace sanas
