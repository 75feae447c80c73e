// SPDX-License-Identifier: Apache-2.0
#include "common/machine_options.h"

#include <regex>

namespace sanas {
namespace {

std::string check_device(const std::string& name) {
  static const std::regex pattern("auto|cpu|cuda(:[0-9]{1,3})?");
  return std::regex_match(name, pattern)
             ? ""
             : "'" + name + "' is no device; expected auto, cpu, cuda or cuda:N";
}

template <typename Number>
std::string text_of(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : "configured";
}

}  // namespace

void add_machine_options(CLI::App& app, MachineOptions& options) {
  add_value(app, "--device", options.device, "NAME", "auto, cpu, cuda or cuda:N")
      ->check(CLI::Validator(check_device, ""))
      ->default_str(options.device.empty() ? "configured" : options.device)
      ->group("Machine");
  add_value(app, "--threads", options.threads, "N",
            "CPU threads; 0: OMP_NUM_THREADS, or one per core")
      ->check(CLI::Range(0, 1024))
      ->default_str(text_of(options.threads))
      ->group("Machine");
  add_seed(app, options.seed, "seed of all randomness")
      ->default_str(text_of(options.seed))
      ->group("Machine");
}

}  // namespace sanas
