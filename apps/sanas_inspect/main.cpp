// SPDX-License-Identifier: Apache-2.0
// sanas_inspect: looks into genotypes, networks, weights and hypergradients; for scripts.
#include <torch/version.h>

#include "common/program.h"
#include "sanas_inspect/verbs.h"

int main(int argc, char** argv) {
  using namespace sanas;
  CLI::App app("Looks into genotypes, networks and hypergradients", "sanas_inspect");
  app.require_subcommand(1);
  app.set_version_flag("--version", "sanas_inspect " SANAS_VERSION " (LibTorch " TORCH_VERSION ")",
                       "print the version and exit");
  std::function<void()> verb;
  add_count(app, verb);
  add_genotype(app, verb);
  add_derive(app, verb);
  add_forward(app, verb);
  add_hypergradient(app, verb);
  add_convert(app, verb);
  add_loader(app, verb);
  add_report(app, verb);
  return run_program(app, argc, argv, [&] {
    verb();
    return static_cast<int>(kExitDone);
  });
}
