// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/paths.h"

#include <cstdlib>

namespace sanas {

std::filesystem::path expand_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  const bool begins_at_home = path == "~" || path.starts_with("~/");
  if (!begins_at_home || home == nullptr || *home == '\0') {
    return path;
  }
  return home + path.substr(1);
}

bool name_exists(const std::filesystem::path& path) {
  return std::filesystem::exists(std::filesystem::symlink_status(path));
}

}  // namespace sanas
