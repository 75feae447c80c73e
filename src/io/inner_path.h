// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace sanas {

/// Whether `name`, joined to a folder, is a place inside of it (or the folder itself).
inline bool is_inner_path(const std::filesystem::path& name) {
  const auto normal = name.lexically_normal();
  return !normal.empty() && normal.is_relative() && *normal.begin() != "..";
}

}  // namespace sanas
