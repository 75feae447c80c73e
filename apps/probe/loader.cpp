// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>
#include <vector>

#include "common/arguments.h"
#include "common/config_options.h"
#include "common/help.h"
#include "common/program.h"
#include "probe/verbs.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/paths.h"
#include "sanas/core/stopwatch.h"
#include "sanas/formats/tensor_file.h"
#include "sanas/setup/evaluation_data.h"

namespace sanas {
namespace {

struct LoaderVerbOptions {
  std::string config;
  std::vector<std::string> assignments;
  std::string data;
  bool train = true;
  int64_t epoch = 0;
  int64_t batches = 0;
  std::string output;
};

/// The batches together as one file.
void write_batches(const std::string& path, const std::vector<Batch>& batches) {
  const auto together = [&](torch::Tensor Batch::*part) {
    TensorList tensors;
    for (const auto& batch : batches) {
      tensors.push_back(batch.*part);
    }
    return torch::cat(tensors);
  };
  NamedTensors all;
  all.tensors.insert("images", together(&Batch::images));
  all.tensors.insert("labels", together(&Batch::labels));
  all.tensors.insert("indices", together(&Batch::indices));
  write_whole([&] { write_tensors(path, all); });
}

void load(const LoaderVerbOptions& options) {
  Config config = load_config(options.config, options.assignments, config_folders());
  if (!options.data.empty()) {
    config.dataset.source.root = expand_home(options.data);
  }
  Log log;
  EvaluationImages images(config, torch::kCPU, log);
  images.report(log);
  DataLoader& loader = options.train ? images.train() : images.test();
  loader.start_epoch(options.epoch);
  std::vector<Batch> kept;
  int64_t count = 0;
  int64_t skipped = 0;
  int64_t batches = 0;
  Stopwatch watch;
  while (options.batches == 0 || batches < options.batches) {
    const auto batch = loader.next();
    if (!batch) {
      break;
    }
    ++batches;
    count += batch->size();
    skipped += batch->skipped;
    if (!options.output.empty()) {
      kept.push_back(*batch);
    }
  }
  const double seconds = watch.seconds();
  if (!options.output.empty()) {
    write_batches(options.output, kept);
  }
  std::printf("%lld images in %lld batches, %.3f s, %.0f images/s\n", static_cast<long long>(count),
              static_cast<long long>(batches), seconds, static_cast<double>(count) / seconds);
  if (skipped > 0) {
    std::printf("%lld more could not be decoded\n", static_cast<long long>(skipped));
  }
}

}  // namespace

void add_loader(CLI::App& app, std::function<void()>& verb) {
  auto* command = app.add_subcommand("loader", "the batches that a training gets, and how fast");
  const auto options = std::make_shared<LoaderVerbOptions>();
  add_path(*command, "--config", options->config, "NAME|FILE", "configuration of a training")
      ->required();
  add_settings(*command, options->assignments);
  add_path(*command, "--data", options->data, "DIR", "folder of the data set (dataset.root)")
      ->default_str("configured");
  add_choice(*command, "--split", options->train, {{"train", true}, {"test", false}},
             "train (augmented, shuffled) or test");
  add_value(*command, "--epoch", options->epoch, "N", "which epoch's order and augmentation")
      ->check(CLI::NonNegativeNumber);
  add_value(*command, "--batches", options->batches, "N", "that many from the first on; 0: all")
      ->check(CLI::NonNegativeNumber);
  add_path(*command, "--out,--output", options->output, "FILE",
           "file for images (N×3×H×W in [0, 1]), labels and indices");
  add_examples(*command, {"--config eval_cifar100 --data ~/data --batches 2",
                          "--config eval_cifar100 --data ~/data --split test --batches 1 --out "
                          "images.safetensors"});
  command->callback([options, &verb] { verb = [options] { load(*options); }; });
}

}  // namespace sanas
