// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "common/arguments.h"
#include "common/help.h"
#include "common/machine_options.h"
#include "common/program.h"
#include "saliency/verbs.h"
#include "sanas/files/atomic_file.h"
#include "sanas/report/rating_sheet.h"

namespace sanas {

void add_rate(CLI::App& app, std::function<int()>& verb) {
  struct Options {
    RatingSheetOptions sheet;
    std::filesystem::path output;
  };
  auto& command = add_verb(app, "rate", "make a page on which people rate maps");
  const auto options = std::make_shared<Options>();
  add_path(command, "--maps", options->sheet.maps, "DIR", "folder that sanas_saliency wrote")
      ->required();
  add_path(command, "--out,--output", options->output, "FILE", "page to write, e.g. sheet.html")
      ->required();
  add_value(command, "--count", options->sheet.count, "N", "at most that many images; 0: all")
      ->check(CLI::NonNegativeNumber);
  add_seed(command, options->sheet.seed, "of the order in which maps are shown");
  add_examples(command, {"--maps maps --out sheet.html",
                         "--maps maps --count 10 --seed 1 --out short.html"});
  command.callback([options, &verb] {
    verb = [options] {
      const std::string page = rating_sheet_html(options->sheet);
      write_whole([&] { write_file_atomically(options->output, page); });
      return kExitDone;
    };
  });
}

}  // namespace sanas
