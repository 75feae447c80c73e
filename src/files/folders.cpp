// SPDX-License-Identifier: Apache-2.0
#include "files/folders.h"

#include <algorithm>
#include <system_error>

#include "sanas/core/error.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// Whatever the locale says about bytes beyond ASCII.
bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

void make_folder(const fs::path& folder, const std::string& what) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw FileError(folder.string() + ": " + what + " can't be made: " + error.message());
  }
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string safe_name(std::string text, NameCharacters kept) {
  const auto is_unsafe = [&](char c) {
    const bool is_other = c == '.' || static_cast<unsigned char>(c) >= 0x80;
    return !is_letter_or_digit(c) && c != '_' && c != '-' &&
           !(is_other && kept == NameCharacters::kReadable);
  };
  std::replace_if(text.begin(), text.end(), is_unsafe, '-');
  return text;
}

bool is_inner_path(const fs::path& name) {
  const auto normal = name.lexically_normal();
  return !normal.empty() && normal.is_relative() && *normal.begin() != "..";
}

}  // namespace sanas
