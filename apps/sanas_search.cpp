// SPDX-License-Identifier: Apache-2.0
// sanas_search: searches an architecture as a configuration describes it.
#include <iostream>

#include "common/options.h"
#include "common/program.h"
#include "sanas/core/log.h"
#include "sanas/core/signals.h"
#include "sanas/io/dry_run.h"
#include "sanas/io/run_folder.h"
#include "sanas/io/search_run.h"

namespace {

using namespace sanas;

int search(const CommonOptions& options) {
  const Config config = resolve_config(options, validate_search);
  Log log(options.quiet);
  for (const auto& warning : resolve_warnings(options)) {
    log.warn("warning: " + warning);
  }
  const ScopedSignals signals;
  if (options.dry_run) {
    std::cout << dry_run_search(config, log);
    return kExitDone;
  }
  const auto out =
      options.out.empty() ? default_run_folder(config.name, std::time(nullptr)) : options.out;
  const auto summary =
      run_search(config, {.out = out, .resume = options.resume, .quiet = options.quiet}, log);
  if (summary.outcome == RunOutcome::kStopped) {
    log.warn("stopped by a signal; everything is saved. Go on with: sanas_search --config " +
             (out / "config.yaml").string() + " --out " + out.string() + " --resume");
    return kExitInterrupted;
  }
  log.info("Run folder: " + out.string());
  std::cout << to_string(summary.genotype) << '\n';
  return kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Searches a neural architecture with saliency-aware NAS", "sanas_search");
  CommonOptions options;
  add_common_options(app, options);
  return run_program(app, argc, argv, [&] { return search(options); });
}
