// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "sanas/config/config.h"

namespace sanas {

/// What a program's end tells the one who started it.
enum ExitStatus : int {
  kExitDone = 0,
  kExitFailure = 1,
  kExitConfig = 2,       ///< command line or configuration
  kExitData = 3,         ///< data or another file
  kExitInterrupted = 4,  ///< stopped by a signal, everything saved
};

/// Parses the command line and runs `body`, whose result is the exit status. What is thrown becomes
/// one line on standard error, "PROGRAM: error: …", and the status that goes with it.
/// @param memory_advice what to say, besides that memory ran out, of how to need less.
int run_program(CLI::App& app, int argc, const char* const* argv, const std::function<int()>& body,
                const std::function<std::string()>& memory_advice = {});

/// Runs what writes a file. A signal waits until the file is whole, so that no part of it is left
/// behind.
void write_whole(const std::function<void()>& write);

/// The batch sizes of a configuration and what would need less memory.
std::string memory_advice(const Config& config);

}  // namespace sanas
