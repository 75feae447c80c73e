// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "common/config_options.h"

namespace sanas {

/// The command line of a training or a test.
struct EvalCommand {
  CommonOptions common;
  std::string genotype;
  std::filesystem::path checkpoint;
  std::filesystem::path second_checkpoint;
  std::filesystem::path weights;
  bool test_only = false;
  std::string seeds;
  std::string depths;
  int64_t random_genotypes = 0;
  /// Whose size they have.
  std::string as_large_as;
};

/// The options of a training, and what it does.
void add_training(CLI::App& app, EvalCommand& command);
int train(const EvalCommand& command);

/// What a test has besides a configuration and a genotype.
CLI::Option* add_checkpoint(CLI::App& app, EvalCommand& command);
CLI::Option* add_second_checkpoint(CLI::App& app, EvalCommand& command);
/// The genotype of a test.
void add_tested(CLI::App& app, EvalCommand& command);
int test(const EvalCommand& command);

/// compare: is one method's accuracy other than another's? Sets `verb` to what to run.
void add_compare(CLI::App& app, std::function<int()>& verb);

}  // namespace sanas
