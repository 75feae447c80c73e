// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <string>

#include "common/program.h"
#include "saliency/verbs.h"
#include "sanas/config/config.h"
#include "sanas/core/error.h"
#include "sanas/core/log.h"
#include "sanas/core/signals.h"

namespace sanas {
namespace {

void warn_of_lengths(const SaliencyOptions& options, Log& log) {
  const AttackOverrides& attack = options.attack;
  const bool is_paper = options.preset == SaliencyPreset::kPaper;
  if (attack.norm.value_or(is_paper ? AttackNorm::kLinf : AttackNorm::kL2) == AttackNorm::kL2) {
    return;
  }
  for (const auto& [name, length] :
       {std::pair{"--epsilon", attack.epsilon}, std::pair{"--step-size", attack.step_size}}) {
    const std::string warning = length ? grey_level_warning(name, *length) : "";
    if (!warning.empty()) {
      log.warn("warning: " + warning);
    }
  }
}

/// The options of the command line in one place.
SaliencyOptions complete(const MapsCommand& command) {
  SaliencyOptions options = command.options;
  options.device = command.machine.device;
  options.threads = command.machine.threads.value_or(0);
  options.seed = static_cast<uint64_t>(command.machine.seed.value_or(0));
  options.memory_limit = static_cast<int64_t>(command.memory_limit);
  if (command.measure) {
    options.metrics = command.metrics;
  }
  return options;
}

}  // namespace

int make_maps(const CLI::App& app, const MapsCommand& command) {
  check_options_apply(app, command);
  const SaliencyOptions options = complete(command);
  const ScopedSignals signals;
  Log log(options.quiet);
  warn_of_lengths(options, log);
  const SaliencyOutcome outcome = run_saliency(options, log);
  std::cout << outcome.metrics;
  if (outcome.interrupted) {
    log.warn("stopped by a signal; what was finished by then is there");
    return kExitInterrupted;
  }
  if (outcome.unreadable > 0) {
    throw DataError(std::to_string(outcome.unreadable) + " of " +
                    std::to_string(outcome.unreadable + outcome.images) +
                    " images can't be read and have no maps, e.g. " + outcome.why);
  }
  return kExitDone;
}

}  // namespace sanas
