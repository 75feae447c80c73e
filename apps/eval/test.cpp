// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <optional>
#include <string>

#include "common/arguments.h"
#include "common/program.h"
#include "eval/verbs.h"
#include "sanas/checkpoint/genotype_source.h"
#include "sanas/core/error.h"
#include "sanas/core/log.h"
#include "sanas/core/signals.h"
#include "sanas/runs/evaluation_run.h"

namespace sanas {

CLI::Option* add_checkpoint(CLI::App& app, EvalCommand& command) {
  return add_path(app, "--checkpoint", command.checkpoint, "FILE", "checkpoint to test");
}

CLI::Option* add_second_checkpoint(CLI::App& app, EvalCommand& command) {
  return add_path(app, "--second", command.second_checkpoint, "FILE",
                  "checkpoint of the second network, for evaluation.inference: two_networks");
}

void add_tested(CLI::App& app, EvalCommand& command) {
  add_checkpoint(app, command)->required();
  add_second_checkpoint(app, command);
  add_path(app, "--genotype", command.genotype, "NAME|FILE",
           "what the checkpoint has to be of: preset name, checkpoint, or text file (FILE#N)");
  add_config_options(app, command.common);
}

int test(const EvalCommand& command) {
  const Config config = resolve_config(command.common, validate_evaluation);
  if (command.checkpoint.empty()) {
    throw ConfigError("--test-only needs --checkpoint FILE");
  }
  const bool needs_second = config.evaluation.inference == Inference::kTwoNetworks;
  if (needs_second && command.second_checkpoint.empty()) {
    throw ConfigError(
        "evaluation.inference: two_networks needs the second network, --second FILE (of the run "
        "folder's second/checkpoints)");
  }
  if (!needs_second && !command.second_checkpoint.empty()) {
    throw ConfigError("--second is for evaluation.inference: two_networks, which is " +
                      to_string(config.evaluation.inference));
  }
  const auto genotype = command.genotype.empty()
                            ? std::nullopt
                            : std::optional<Genotype>(find_genotype(command.genotype));
  const ScopedSignals signals;
  Log log(command.common.quiet);
  const auto report =
      run_test(config, command.checkpoint, command.second_checkpoint, genotype, log);
  for (const auto& line : describe(report)) {
    std::cout << line << '\n';
  }
  return kExitDone;
}

}  // namespace sanas
