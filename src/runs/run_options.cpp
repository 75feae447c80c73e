// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/run_options.h"

#include <algorithm>
#include <array>

#include "files/folders.h"
#include "report/run_files.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// A file of that name that a run keeps in `folder`, or a run of several below it.
fs::path first_below(const fs::path& folder, const std::string& name) {
  constexpr int kDeepest = 2;  // OUT/gamma-1/search/config.yaml
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (it.depth() >= kDeepest) {
      it.disable_recursion_pending();
    }
    if (it->path().filename() == name) {
      found.push_back(it->path());
    }
  }
  const auto first = std::min_element(found.begin(), found.end(), [](const auto& a, const auto& b) {
    const auto depth = [](const fs::path& path) { return std::distance(path.begin(), path.end()); };
    return depth(a) != depth(b) ? depth(a) < depth(b) : a < b;
  });
  return first == found.end() ? fs::path() : *first;
}

}  // namespace

fs::path default_run_folder(const std::string& name, std::time_t now) {
  std::string safe = safe_name(name, NameCharacters::kReadable);
  safe.erase(0, safe.find_first_not_of(".-"));
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), "%Y%m%d-%H%M%S", &local);
  return fs::path("runs") / ((safe.empty() ? "run" : safe) + "-" + stamp.data());
}

fs::path make_run_folder(const std::string& name, std::time_t now) {
  const fs::path base = default_run_folder(name, now);
  std::error_code error;
  fs::create_directories(base.parent_path(), error);
  fs::path folder = base;
  for (int number = 2; !error && !fs::create_directory(folder, error); ++number) {
    folder = base.string() + "-" + std::to_string(number);
  }
  if (error) {
    throw FileError(folder.string() + ": the run folder can't be made: " + error.message());
  }
  return folder;
}

fs::path kept_config(const fs::path& folder) { return first_below(folder, run_files::kConfig); }

fs::path kept_genotype(const fs::path& folder) { return first_below(folder, run_files::kGenotype); }

}  // namespace sanas
