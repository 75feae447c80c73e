// SPDX-License-Identifier: Apache-2.0
// sanas_inspect: looks into genotypes, networks, weights and runs; for scripts.
#include "common/help.h"
#include "common/program.h"
#include "inspect/verbs.h"

int main(int argc, char** argv) {
  using namespace sanas;
  CLI::App app("Looks into genotypes, networks, weights and runs", "sanas_inspect");
  add_help(app);
  app.require_subcommand(1);
  std::function<void()> verb;
  add_count(app, verb);
  add_genotype(app, verb);
  add_derive(app, verb);
  add_convert(app, verb);
  add_report(app, verb);
  add_handed_over(app, argv, verb);
  add_examples(app, {"count --genotype DARTS_V2", "report runs/first --out report.html"});
  return run_program(app, argc, argv, [&] {
    verb();
    return static_cast<int>(kExitDone);
  });
}
