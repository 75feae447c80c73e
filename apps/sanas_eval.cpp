// SPDX-License-Identifier: Apache-2.0
// sanas_eval: trains and tests the discrete network of a genotype.
#include <iostream>

#include "common/options.h"
#include "common/program.h"
#include "sanas/core/error.h"
#include "sanas/core/log.h"
#include "sanas/core/signals.h"
#include "sanas/io/dry_run.h"
#include "sanas/io/evaluation_run.h"
#include "sanas/io/run_folder.h"

namespace {

using namespace sanas;

struct EvalOptions {
  CommonOptions common;
  std::string genotype;
  std::filesystem::path checkpoint;
  bool test_only = false;
};

int test(const Config& config, const EvalOptions& options) {
  if (options.checkpoint.empty()) {
    throw ConfigError("--test-only needs --checkpoint FILE");
  }
  const auto meter = run_test(config, options.checkpoint);
  std::printf("test: %lld images, loss %.4f, top-1 %.4f, top-5 %.4f\n",
              static_cast<long long>(meter.count()), meter.loss(), meter.top1(), meter.top5());
  return kExitDone;
}

int evaluate(const EvalOptions& options) {
  const auto& common = options.common;
  const Config config = resolve_config(common, validate_evaluation);
  if (options.test_only) {
    return test(config, options);
  }
  if (options.genotype.empty()) {
    throw ConfigError(
        "--genotype NAME|FILE is missing; a search writes genotype.txt, presets are " +
        std::string("listed by sanas_inspect genotype --help"));
  }
  const Genotype genotype = load_genotype(options.genotype);
  Log log(common.quiet);
  for (const auto& warning : resolve_warnings(common)) {
    log.warn("warning: " + warning);
  }
  const ScopedSignals signals;
  if (common.dry_run) {
    std::cout << dry_run_evaluation(config, genotype, log);
    return kExitDone;
  }
  const auto out = common.out.empty()
                       ? default_run_folder(config.name + "-eval", std::time(nullptr))
                       : common.out;
  const RunOptions run{
      .out = out, .resume = common.resume, .quiet = common.quiet, .base = named_config(common)};
  if (run_evaluation(config, genotype, run, log) == RunOutcome::kStopped) {
    log.warn("stopped by a signal; everything is saved. Go on with: sanas_eval --config " +
             (out / "config.yaml").string() + " --genotype " + (out / "genotype.txt").string() +
             " --out " + out.string() + " --resume");
    return kExitInterrupted;
  }
  log.info("Run folder: " + out.string());
  return kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains and tests the network of a genotype", "sanas_eval");
  EvalOptions options;
  add_common_options(app, options.common);
  app.add_option("--genotype", options.genotype, "preset name, or file with a genotype");
  app.add_flag("--test-only", options.test_only, "test a checkpoint instead of training");
  app.add_option("--checkpoint", options.checkpoint, "checkpoint to test");
  return run_program(
      app, argc, argv, [&] { return evaluate(options); },
      [&] { return memory_advice(resolve_config(options.common)); });
}
