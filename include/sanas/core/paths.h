// SPDX-License-Identifier: Apache-2.0
#pragma once

// Paths as users write them: `~` for the home folder, and whether a name exists.

#include <filesystem>
#include <string>

namespace sanas {

/// The path with a leading `~` or `~/` replaced by the home folder (HOME), as a shell does. Shells
/// leave it in `--data=~/x`, in quotes, and in files. Anything else, and everything where HOME is
/// not set, stays as it is.
std::filesystem::path expand_home(const std::string& path);

/// Whether there is an entry of that name, be it a link that leads nowhere. Throws
/// std::filesystem::filesystem_error where that can't be seen.
bool name_exists(const std::filesystem::path& path);

}  // namespace sanas
