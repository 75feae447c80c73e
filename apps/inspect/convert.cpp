// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "common/arguments.h"
#include "common/help.h"
#include "common/program.h"
#include "inspect/verbs.h"
#include "sanas/formats/tensor_file.h"

namespace sanas {

void add_convert(CLI::App& app, std::function<void()>& verb) {
  struct Options {
    std::string input;
    std::string output;
  };
  auto* command = app.add_subcommand(
      "convert", "weights from one format to another: .pt or .pth is PyTorch's, else safetensors");
  const auto options = std::make_shared<Options>();
  add_path(*command, "input", options->input, "FILE", "file to read")->required();
  add_path(*command, "output", options->output, "FILE", "file to write")->required();
  add_examples(*command,
               {"runs/trained/weights.safetensors weights.pt", "weights.pt weights.safetensors"});
  command->callback([options, &verb] {
    verb = [options] {
      const auto tensors = read_tensors(options->input);
      write_whole([&] { write_tensors(options->output, tensors); });
    };
  });
}

}  // namespace sanas
