// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <filesystem>

#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/genotype/genotype.h"

namespace sanas {
namespace {

struct Preset {
  const char* name;
  const char* text;
};

// darts-family §6. DARTS is DARTS_V2 and PCDARTS is PC_DARTS_cifar, as in the original code.
constexpr std::array<Preset, 8> kPresets{{
    {"NASNet",
     "Genotype(normal=[('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('sep_conv_5x5', 0), "
     "('sep_conv_3x3', 0), ('avg_pool_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 0), "
     "('avg_pool_3x3', 0), ('sep_conv_3x3', 1), ('skip_connect', 1)], normal_concat=range(2, 7), "
     "reduce=[('sep_conv_5x5', 1), ('sep_conv_7x7', 0), ('max_pool_3x3', 1), ('sep_conv_7x7', 0), "
     "('avg_pool_3x3', 1), ('sep_conv_5x5', 0), ('skip_connect', 3), ('avg_pool_3x3', 2), "
     "('sep_conv_3x3', 2), ('max_pool_3x3', 1)], reduce_concat=[4, 5, 6])"},
    {"AmoebaNet",
     "Genotype(normal=[('avg_pool_3x3', 0), ('max_pool_3x3', 1), ('sep_conv_3x3', 0), "
     "('sep_conv_5x5', 2), ('sep_conv_3x3', 0), ('avg_pool_3x3', 3), ('sep_conv_3x3', 1), "
     "('skip_connect', 1), ('skip_connect', 0), ('avg_pool_3x3', 1)], normal_concat=[4, 5, 6], "
     "reduce=[('avg_pool_3x3', 0), ('sep_conv_3x3', 1), ('max_pool_3x3', 0), ('sep_conv_7x7', 2), "
     "('sep_conv_7x7', 0), ('avg_pool_3x3', 1), ('max_pool_3x3', 0), ('max_pool_3x3', 1), "
     "('conv_7x1_1x7', 0), ('sep_conv_3x3', 5)], reduce_concat=[3, 4, 6])"},
    {"DARTS_V1",
     "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), "
     "('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
     "('skip_connect', 2)], normal_concat=range(2, 6), "
     "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), "
     "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], "
     "reduce_concat=range(2, 6))"},
    {"DARTS_V2",
     "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
     "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
     "('dil_conv_3x3', 2)], normal_concat=range(2, 6), "
     "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "
     "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
     "reduce_concat=range(2, 6))"},
    {"PDARTS",
     "Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0), "
     "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), "
     "('dil_conv_5x5', 4)], normal_concat=range(2, 6), "
     "reduce=[('avg_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), "
     "('max_pool_3x3', 0), ('dil_conv_3x3', 1), ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)], "
     "reduce_concat=range(2, 6))"},
    {"PC_DARTS_cifar",
     "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), "
     "('dil_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), "
     "('dil_conv_3x3', 1)], normal_concat=range(2, 6), "
     "reduce=[('sep_conv_5x5', 1), ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), "
     "('sep_conv_3x3', 0), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)], "
     "reduce_concat=range(2, 6))"},
    {"PC_DARTS_image",
     "Genotype(normal=[('skip_connect', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), "
     "('skip_connect', 1), ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), "
     "('dil_conv_5x5', 4)], normal_concat=range(2, 6), "
     "reduce=[('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 2), ('max_pool_3x3', 1), "
     "('sep_conv_3x3', 2), ('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 3)], "
     "reduce_concat=range(2, 6))"},
    {"PRDARTS",
     "Genotype(normal=[('skip_connect', 0), ('sep_conv_3x3', 1), ('dil_conv_3x3', 2), "
     "('sep_conv_3x3', 0), ('dil_conv_3x3', 3), ('sep_conv_3x3', 1), ('dil_conv_3x3', 4), "
     "('dil_conv_3x3', 1)], normal_concat=range(2, 6), "
     "reduce=[('avg_pool_3x3', 0), ('dil_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), "
     "('sep_conv_5x5', 1), ('dil_conv_3x3', 3), ('dil_conv_5x5', 4), ('dil_conv_5x5', 1)], "
     "reduce_concat=range(2, 6))"},
}};

// A log of a long search, with its architecture variables in every epoch, has some megabytes.
constexpr size_t kLargestText = size_t{256} << 20U;

/// What stands before and behind the last '#', unless a file is called so itself.
std::pair<std::string, std::string> path_and_choice(const std::string& description) {
  const size_t mark = description.rfind('#');
  std::error_code error;
  if (mark == std::string::npos || std::filesystem::exists(description, error)) {
    return {description, ""};
  }
  if (mark + 1 == description.size()) {
    throw FileError("genotype '" + description +
                    "': a number, a name or 'last' is missing behind the '#'");
  }
  return {description.substr(0, mark), description.substr(mark + 1)};
}

}  // namespace

std::vector<std::string> preset_genotype_names() {
  std::vector<std::string> names{"DARTS", "PCDARTS"};
  for (const auto& preset : kPresets) {
    names.emplace_back(preset.name);
  }
  return names;
}

Genotype load_genotype(const std::string& description) {
  const std::string name = description == "DARTS"     ? "DARTS_V2"
                           : description == "PCDARTS" ? "PC_DARTS_cifar"
                                                      : description;
  for (const auto& preset : kPresets) {
    if (name == preset.name) {
      return parse_genotype(preset.text);
    }
  }
  const auto [path, choice] = path_and_choice(description);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw FileError("genotype '" + description + "' is neither a file nor one of " +
                    join(preset_genotype_names()));
  }
  if (std::filesystem::is_directory(path, error)) {
    throw FileError(path + ": is a folder; expected a file, such as the genotype.txt of a run");
  }
  try {
    const std::string text = read_text_file(path, kLargestText);
    if (text.find('\0') != std::string::npos) {
      throw FileError("is binary or of 16-bit characters; expected text with 'Genotype(…)'");
    }
    return parse_genotype(text, choice);
  } catch (const FileError& problem) {
    const std::string what = problem.what();
    throw FileError(what.starts_with(path) ? what : path + ": " + what);
  }
}

}  // namespace sanas
