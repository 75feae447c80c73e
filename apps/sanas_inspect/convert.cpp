// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "sanas_inspect/networks.h"
#include "sanas_inspect/verbs.h"

namespace sanas {

void add_convert(CLI::App& app, std::function<void()>& verb) {
  struct Options {
    std::string input;
    std::string output;
  };
  auto* command = app.add_subcommand(
      "convert", "weights from one format to another: .pt or .pth is PyTorch's, else safetensors");
  const auto options = std::make_shared<Options>();
  command->add_option("input", options->input, "file to read")->required();
  command->add_option("output", options->output, "file to write")->required();
  command->callback([options, &verb] {
    verb = [options] { write_tensors(options->output, read_tensors(options->input)); };
  });
}

}  // namespace sanas
