// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/report.h"

#include <filesystem>
#include <memory>
#include <vector>

#include "common/arguments.h"
#include "common/help.h"
#include "inspect/verbs.h"
#include "sanas/core/phase_display.h"
#include "sanas/core/signals.h"

namespace sanas {

void add_report(CLI::App& app, std::function<void()>& verb) {
  struct Options {
    std::vector<std::filesystem::path> runs;
    std::filesystem::path output;
  };
  auto* command = app.add_subcommand(
      "report", "one self-contained HTML page of everything that runs have produced");
  const auto options = std::make_shared<Options>();
  command->add_option("runs", options->runs, "run folders; several are shown side by side")
      ->type_name("RUN...")
      ->required();
  add_path(*command, "--out,--output", options->output, "FILE", "file to write")->required();
  add_examples(*command,
               {"runs/first --out report.html", "runs/first runs/trained --out both.html"});
  command->callback([options, &verb] {
    verb = [options] {
      const ScopedSignals signals;
      PhaseDisplay phases(ProgressOptions{});
      write_report(options->runs, options->output, phases);
    };
  });
}

}  // namespace sanas
