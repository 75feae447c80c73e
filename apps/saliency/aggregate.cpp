// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "common/arguments.h"
#include "common/help.h"
#include "common/machine_options.h"
#include "common/program.h"
#include "saliency/verbs.h"
#include "sanas/report/rating_summary.h"

namespace sanas {

void add_aggregate(CLI::App& app, std::function<int()>& verb) {
  struct Options {
    std::vector<std::filesystem::path> files;
    std::filesystem::path sheet;
    BootstrapOptions bootstrap;
    bool json = false;
  };
  auto& command = add_verb(app, "aggregate", "what the raters of one sheet said");
  const auto options = std::make_shared<Options>();
  command.add_option("ratings", options->files, "files that raters downloaded")
      ->type_name("FILE...")
      ->required();
  add_path(command, "--sheet", options->sheet, "FILE", "page that they must belong to")
      ->default_str("any");
  add_seed(command, options->bootstrap.seed, "of the bootstrap");
  command.add_flag("--json", options->json, "JSON instead of a table");
  add_examples(command, {"ann.json ben.json", "ann.json ben.json --sheet sheet.html --json"});
  command.callback([options, &verb] {
    verb = [options] {
      const auto summaries = aggregate_ratings(options->files, options->sheet, options->bootstrap);
      std::cout << (options->json ? ratings_json(summaries) : ratings_text(summaries));
      return kExitDone;
    };
  });
}

}  // namespace sanas
