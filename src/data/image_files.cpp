// SPDX-License-Identifier: Apache-2.0
#include "data/image_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 9> kExtensions{".bmp", ".jpeg", ".jpg",  ".pgm", ".png",
                                                      ".ppm", ".tif",  ".tiff", ".webp"};

std::string lower_extension(const fs::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const fs::path& folder) {
  struct stat status {};
  return ::stat(folder.c_str(), &status) == 0
             ? std::optional(Identity{status.st_dev, status.st_ino})
             : std::nullopt;
}

// The folders that a folder is in, by its name and by where links lead to.
std::vector<Identity> folders_around(const fs::path& folder) {
  std::vector<Identity> around;
  std::error_code ignored;
  for (fs::path path :
       {fs::absolute(folder, ignored).lexically_normal(), fs::canonical(folder, ignored)}) {
    path = path.has_filename() ? path : path.parent_path();  // without a slash at its end
    for (; path.has_relative_path(); path = path.parent_path()) {
      if (const auto outer = identity_of(path.parent_path())) {
        around.push_back(*outer);
      }
    }
  }
  return around;
}

class Walk {
 public:
  ImageFiles run(const fs::path& root) {
    open_ = folders_around(root);
    if (const auto itself = identity_of(root)) {
      std::erase(open_, *itself);  // who names it means it
    }
    visit(root, "");
    std::sort(found_.files.begin(), found_.files.end(),
              [](const ImageFile& a, const ImageFile& b) { return a.path < b.path; });
    return std::move(found_);
  }

 private:
  void add(const std::string& path, const std::string& fault = {}) {
    found_.files.push_back({path.empty() ? "." : path, fault});
  }

  // `path` is that of the folder below the root.
  void visit(const fs::path& folder, const std::string& path) {
    const auto identity = identity_of(folder);
    if (!identity) {
      add(path, std::generic_category().message(errno));
      return;
    }
    if (std::find(open_.begin(), open_.end(), *identity) != open_.end()) {
      return;  // a link to a folder that it is in
    }
    open_.push_back(*identity);
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (is_hidden_name(name)) {
        std::error_code ignored;
        const bool is_missed = has_image_extension(name) || entry->is_directory(ignored);
        found_.left_out.hidden += is_missed ? 1 : 0;
      } else {
        examine(*entry, path.empty() ? name : path + "/" + name);
      }
    }
    open_.pop_back();
    if (error) {
      add(path, error.message());
    }
  }

  void examine(const fs::directory_entry& entry, const std::string& path) {
    const bool has_image_name = has_image_extension(entry.path());
    std::error_code error;
    const fs::file_status status = entry.status(error);
    if (fs::is_directory(status)) {
      visit(entry.path(), path);
    } else if (error || !fs::exists(status)) {
      add(path, error ? error.message() : "it is gone");
    } else if (!has_image_name) {
      ++found_.left_out.endings[lower_extension(entry.path())];
    } else {
      add(path, fs::is_regular_file(status) ? "" : "it is no file");
    }
  }

  ImageFiles found_;
  std::vector<Identity> open_;  // the folders that the one that is visited is in, and itself
};

}  // namespace

bool has_image_extension(const fs::path& file) {
  return std::find(kExtensions.begin(), kExtensions.end(), lower_extension(file)) !=
         kExtensions.end();
}

std::string image_extensions() {
  return join(std::vector<std::string>(kExtensions.begin(), kExtensions.end()));
}

bool is_hidden_name(const std::string& name) { return name.starts_with('.') || name == "__MACOSX"; }

bool leads_back(const fs::path& folder) {
  const auto itself = identity_of(folder);
  const auto around = folders_around(folder);
  return itself && std::find(around.begin(), around.end(), *itself) != around.end();
}

void LeftOutFiles::add(const LeftOutFiles& other) {
  for (const auto& [ending, count] : other.endings) {
    endings[ending] += count;
  }
  hidden += other.hidden;
}

std::string LeftOutFiles::describe() const {
  constexpr size_t kMostEndings = 8;
  std::vector<std::string> parts;
  int64_t others = 0;
  for (const auto& [ending, count] : endings) {
    if (parts.size() == kMostEndings) {
      others += count;
    } else {
      parts.push_back(std::to_string(count) + " " +
                      (ending.empty() ? "without an ending" : ending));
    }
  }
  if (others > 0) {
    parts.push_back(std::to_string(others) + " with other endings");
  }
  if (hidden > 0) {
    parts.push_back(std::to_string(hidden) + " hidden");
  }
  return join(parts);
}

ImageFiles find_image_files(const fs::path& folder) { return Walk().run(folder); }

}  // namespace sanas
