// SPDX-License-Identifier: Apache-2.0
// sanas_probe: what networks, hypergradients and loaders compute for given numbers, and how long it
// takes; the instrument of the tests and benchmarks that compare with other implementations. Not
// installed.
#include <filesystem>

#include "common/help.h"
#include "common/program.h"
#include "probe/verbs.h"

int main(int argc, char** argv) {
  using namespace sanas;
  // As it was called: sanas_inspect hands its verbs over under its own name.
  const std::string name = std::filesystem::path(argc > 0 ? argv[0] : "").filename();
  CLI::App app("Computes networks, hypergradients and batches for given numbers, and times them",
               name.empty() ? "sanas_probe" : name);
  add_help(app);
  app.require_subcommand(1);
  std::function<void()> verb;
  add_forward(app, verb);
  add_hypergradient(app, verb);
  add_loader(app, verb);
  add_time(app, verb);
  add_examples(app, {"loader --config eval_cifar100 --data ~/data --batches 2",
                     "time --genotype DARTS_V2 --dataset cifar100 --weights "
                     "runs/trained/weights.safetensors --input batch.safetensors --passes 2"});
  return run_program(app, argc, argv, [&] {
    verb();
    return static_cast<int>(kExitDone);
  });
}
