// SPDX-License-Identifier: Apache-2.0
// sanas_saliency: heat maps of what a network looks at, and how good they are.
#include <torch/version.h>

#include "common/options.h"
#include "common/program.h"
#include "sanas_saliency/verbs.h"

int main(int argc, char** argv) {
  using namespace sanas;
  CLI::App app("Draws and measures saliency maps of images under a trained network",
               "sanas_saliency");
  app.set_version_flag("--version", "sanas_saliency " SANAS_VERSION " (LibTorch " TORCH_VERSION ")",
                       "print the version and exit");
  std::function<int()> verb;
  add_maps(app, verb);
  add_rate(app, verb);
  add_aggregate(app, verb);
  return run_program(
      app, argc, argv,
      [&] {
        check_verb_alone(app);
        return verb();
      },
      [] { return std::string("a smaller --memory-limit takes fewer images at a time"); });
}
