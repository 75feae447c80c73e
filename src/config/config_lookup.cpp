// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/utf8.h"
#include "files/folders.h"
#include "sanas/config/config.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

bool is_bare_name(const std::string& name) { return name.find('/') == std::string::npos; }

/// What `name` may mean in a folder: itself, and itself with the ending added.
std::vector<fs::path> candidates(const fs::path& folder, const std::string& name) {
  std::vector<fs::path> paths{folder / name};
  if (!name.ends_with(".yaml") && !name.ends_with(".yml")) {
    paths.push_back(folder / (name + ".yaml"));
  }
  return paths;
}

std::vector<std::string> configs_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".yaml") {
      names.push_back(it->path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

[[noreturn]] void not_found(const std::string& name, const std::vector<fs::path>& folders) {
  std::vector<std::string> looked;
  std::vector<std::string> known;
  for (const fs::path& folder : folders) {
    looked.push_back((fs::absolute(folder) / "").lexically_normal().string());
    const std::vector<std::string> here = configs_in(folder);
    known.insert(known.end(), here.begin(), here.end());
  }
  const std::string wanted = fs::path(name).filename().string();
  const std::string similar = nearest(wanted.ends_with(".yaml") ? wanted : wanted + ".yaml", known);
  throw ConfigError("configuration '" + name + "': no such file; looked in " + join(looked) +
                    (similar.empty() ? "" : "; did you mean '" + similar + "'?"));
}

}  // namespace

fs::path find_config(const std::string& name_or_path, const std::vector<fs::path>& folders) {
  if (name_or_path.empty()) {
    throw ConfigError("--config: expected a name or a path");
  }
  const std::vector<fs::path> bases =
      is_bare_name(name_or_path) ? folders : std::vector<fs::path>{""};
  for (const fs::path& base : bases) {
    for (const fs::path& path : candidates(base, name_or_path)) {
      if (is_file(path)) {
        return path.lexically_normal();
      }
    }
  }
  not_found(name_or_path, is_bare_name(name_or_path)
                              ? folders
                              : std::vector<fs::path>{fs::path(name_or_path).parent_path()});
}

}  // namespace sanas
