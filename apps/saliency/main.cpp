// SPDX-License-Identifier: Apache-2.0
// sanas_saliency: heat maps of what a network looks at, and how good they are.
#include "common/arguments.h"
#include "common/help.h"
#include "common/program.h"
#include "saliency/verbs.h"

int main(int argc, char** argv) {
  using namespace sanas;
  CLI::App app(
      "Draws and measures saliency maps of images under a trained network; without a verb it makes "
      "maps",
      "sanas_saliency");
  add_help(app);
  app.require_subcommand(0, 1);
  MapsCommand command;
  std::function<int()> verb = [&] { return make_maps(app, command); };
  add_map_options(app, command);
  auto& maps = add_verb(app, "maps", "make maps of images");
  add_map_options(maps, command);
  maps.callback([&] { verb = [&] { return make_maps(maps, command); }; });
  add_rate(app, verb);
  add_aggregate(app, verb);
  for (CLI::App* command_line : {&app, &maps}) {
    add_examples(
        *command_line,
        {"--checkpoint runs/trained/checkpoints/last.safetensors --images cifar100:test "
         "--data ~/data --count 16 --out maps",
         "--checkpoint runs/trained/checkpoints/last.safetensors --images photos --method gradcam "
         "--method pgd --out two"});
  }
  return run_program(
      app, argc, argv, [&] { return verb(); },
      [] { return std::string("a smaller --memory-limit takes fewer images at a time"); });
}
