// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "inspect/verbs.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

/// Becomes the program sanas_probe, which reads the same command line. It gets our name, so that
/// its messages begin with what was typed.
void hand_over(char** argv) {
  const auto probe = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "sanas_probe";
  ::execv(probe.c_str(), argv);
  const std::string reason = std::strerror(errno);
  throw FileError(probe.string() + ": " + reason + "; '" + argv[1] +
                  "' is a verb of that program, which scripts/build.sh builds beside this one and "
                  "an installation leaves out");
}

}  // namespace

void add_handed_over(CLI::App& app, char** argv, std::function<void()>& verb) {
  for (const auto& [name, help] : {std::pair{"forward", "logits, loss and gradients"},
                                   {"hypergradient", "every term of the hypergradient"},
                                   {"loader", "the batches that a training gets"}}) {
    auto* command = app.add_subcommand(name, help + std::string("; done by sanas_probe"));
    command->prefix_command();
    command->set_help_flag("");
    command->callback([argv, &verb] { verb = [argv] { hand_over(argv); }; });
  }
}

}  // namespace sanas
