// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace sanas {

/// Makes a folder and those that it lies in, unless they are there. Throws FileError, which calls
/// it `what`.
void make_folder(const std::filesystem::path& folder, const std::string& what = "the folder");

/// Whether a file lies there, a link to one among them; false also where nobody can tell.
bool is_file(const std::filesystem::path& path);

/// Characters that a name keeps besides letters and digits of ASCII, '_' and '-'.
enum class NameCharacters {
  kNoOther,
  /// '.' and everything beyond ASCII, too.
  kReadable,
};

/// A name for a file or folder: '-' for each byte that may not stand in it.
std::string safe_name(std::string text, NameCharacters kept);

/// Whether `name`, joined to a folder, is a place inside of it (or the folder itself).
bool is_inner_path(const std::filesystem::path& name);

}  // namespace sanas
