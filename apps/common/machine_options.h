// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "common/arguments.h"

namespace sanas {

/// What a program computes on, and from which seed. What is not set is the configuration's.
struct MachineOptions {
  std::string device;
  std::optional<int> threads;
  std::optional<int64_t> seed;
};

/// Adds --device, --threads and --seed, whose defaults are the values of `options`.
void add_machine_options(CLI::App& app, MachineOptions& options);

/// Adds --seed.
template <typename Seed>
CLI::Option* add_seed(CLI::App& app, Seed& target, const std::string& help) {
  return add_value(app, "--seed", target, "N", help)
      ->check(CLI::Range(int64_t{0}, std::numeric_limits<int64_t>::max()));
}

}  // namespace sanas
