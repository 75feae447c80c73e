// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "common/arguments.h"
#include "common/config_options.h"
#include "common/help.h"
#include "probe/arithmetic_peak.h"
#include "probe/timed_work.h"
#include "probe/verbs.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/stopwatch.h"

namespace sanas {
namespace {

struct TimingOptions {
  /// Nothing: arithmetic alone.
  std::optional<Work> what = Work::kForwardBackward;
  TimedWorkOptions work;
  int threads = 0;
  int64_t passes = 3;
};

/// VmHWM in bytes. What getrusage tells of a program is at least what the one that started it used.
int64_t peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") {
      int64_t kibibytes = 0;
      status >> kibibytes;
      return kibibytes * 1024;
    }
  }
  return peak_memory_bytes(torch::kCPU);
}

nlohmann::ordered_json time_peak(const TimingOptions& options) {
  std::vector<double> flops;
  for (int64_t pass = 0; pass <= options.passes; ++pass) {  // the first one warms up
    flops.push_back(arithmetic_peak(torch::get_num_threads()));
  }
  return {{"flops", std::vector<double>(flops.begin() + 1, flops.end())}};
}

nlohmann::ordered_json time_work(const TimingOptions& options, const TimedWork& work) {
  const int64_t at_start = peak_resident_bytes();
  work.run();
  const double loss = work.loss();
  std::vector<double> seconds;
  for (int64_t pass = 0; pass < options.passes; ++pass) {
    const Stopwatch watch;
    work.run();
    seconds.push_back(watch.seconds());
  }
  return {
      {"seconds", seconds}, {"peak_bytes", peak_resident_bytes()}, {"peak_bytes_before", at_start},
      {"loss", loss},       {"macs_per_image", work.macs()},       {"kernels", work.kernels}};
}

void time(const TimingOptions& options) {
  configure_device(torch::kCPU, options.threads, /*deterministic=*/false);
  nlohmann::ordered_json result;
  if (!options.what) {
    result = time_peak(options);
  } else if (options.work.weights.empty() || options.work.input.empty()) {
    throw ConfigError("time: --weights and --input are needed, but for --what peak");
  } else {
    TimedWorkOptions work = options.work;
    work.work = *options.what;
    result = time_work(options, prepare_work(work));
  }
  result["threads"] = torch::get_num_threads();
  std::cout << result.dump() << '\n';
}

}  // namespace

void add_time(CLI::App& app, std::function<void()>& verb) {
  auto* command = app.add_subcommand("time", "seconds and memory of passes, as JSON");
  const auto options = std::make_shared<TimingOptions>();
  TimedWorkOptions& work = options->work;
  add_choice(*command, "--what", options->what,
             {{"forward-backward", Work::kForwardBackward},
              {"attack", Work::kAttack},
              {"inference", Work::kInference},
              {"training-step", Work::kTrainingStep},
              {"architecture-step", Work::kArchitectureStep},
              {"peak", std::nullopt}},
             "forward-backward, attack, inference, training-step, architecture-step; or peak: "
             "multiply-adds alone");
  add_network_options(*command, work.network);
  add_path(*command, "--weights", work.weights, "FILE", "safetensors or .pt state dict");
  add_path(*command, "--input", work.input, "FILE",
           "file with x, y; of an architecture step also x_val, y_val; attacks begin at delta");
  add_choice(*command, "--kernels", work.kernels,
             {{"auto", KernelChoice::kAuto}, {"composed", KernelChoice::kComposed}},
             "auto or composed")
      ->default_str("configured");
  add_dtype(*command, work.dtype);
  add_choice(*command, "--precision", work.precision,
             {{"float32", Precision::kFloat32}, {"bfloat16", Precision::kBfloat16}},
             "float32, or bfloat16: mixed precision");
  add_value(*command, "--parts", work.parts, "N", "that a training step takes a mini-batch in")
      ->check(CLI::PositiveNumber);
  add_value(*command, "--passes", options->passes, "N", "that are timed, after one that warms up")
      ->check(CLI::PositiveNumber);
  add_value(*command, "--threads", options->threads, "N",
            "CPU threads; 0: OMP_NUM_THREADS, or one per core")
      ->check(CLI::Range(0, 1024));
  add_examples(*command, {"--what peak --threads 1",
                          "--genotype DARTS_V2 --dataset cifar100 --weights "
                          "runs/trained/weights.safetensors --input batch.safetensors --passes 2"});
  command->callback([options, &verb] { verb = [options] { time(*options); }; });
}

}  // namespace sanas
