// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "common/program.h"
#include "sanas/core/signals.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/rating_sheet.h"
#include "sanas_saliency/verbs.h"

namespace sanas {

void add_rate(CLI::App& app, std::function<int()>& verb) {
  struct Options {
    RatingSheetOptions sheet;
    std::filesystem::path output;
  };
  auto* command = app.add_subcommand("rate", "makes a page on which people rate maps");
  const auto options = std::make_shared<Options>();
  command->add_option("--maps", options->sheet.maps, "folder that sanas_saliency wrote")
      ->required();
  command->add_option("--output,--out", options->output, "page to write, e.g. sheet.html")
      ->required();
  command->add_option("--count", options->sheet.count, "at most that many images; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--seed", options->sheet.seed, "of the order in which maps are shown");
  command->callback([options, &verb] {
    verb = [options] {
      const std::string page = rating_sheet_html(options->sheet);
      const ScopedSignals signals;  // no half of a file is left behind
      write_file_atomically(options->output, page);
      return kExitDone;
    };
  });
}

void add_aggregate(CLI::App& app, std::function<int()>& verb) {
  struct Options {
    std::vector<std::filesystem::path> files;
    std::filesystem::path sheet;
    BootstrapOptions bootstrap;
    bool json = false;
  };
  auto* command = app.add_subcommand("aggregate", "what the raters of one sheet said");
  const auto options = std::make_shared<Options>();
  command->add_option("ratings", options->files, "files that raters downloaded")->required();
  command->add_option("--sheet", options->sheet, "page that they must belong to");
  command->add_option("--seed", options->bootstrap.seed, "of the bootstrap");
  command->add_flag("--json", options->json, "JSON instead of a table");
  command->callback([options, &verb] {
    verb = [options] {
      const auto summaries = aggregate_ratings(options->files, options->sheet, options->bootstrap);
      std::cout << (options->json ? ratings_json(summaries) : ratings_text(summaries));
      return kExitDone;
    };
  });
}

}  // namespace sanas
