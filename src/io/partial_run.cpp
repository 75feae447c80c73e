// SPDX-License-Identifier: Apache-2.0
#include "partial_run.h"

#include <algorithm>

#include "sanas/core/error.h"
#include "sanas/io/live_report.h"
#include "sanas/io/progress.h"

namespace sanas {

namespace fs = std::filesystem;

namespace {

/// A table of results is made anew by a resume: no run that is there may be missing in it.
void check_parts(const fs::path& folder, const std::vector<std::string>& parts) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool is_run = fs::exists(entry.path() / "config.yaml") ||
                        fs::exists(entry.path() / "search" / "config.yaml");
    if (is_run && std::find(parts.begin(), parts.end(), name) == parts.end()) {
      throw FileError(folder.string() + ": holds '" + name + "', which is not among the runs " +
                      "that are asked for; ask for it, too, or choose another --out");
    }
  }
}

}  // namespace

RunOptions partial_run(const RunOptions& options, const fs::path& folder) {
  RunOptions result = options;
  result.out = folder;
  result.resume = options.resume && fs::exists(folder / "config.yaml");
  return result;
}

bool was_asked_for(const fs::path& folder, const Config& config) {
  const fs::path file = folder / "config.yaml";
  return fs::exists(file) && load_config(file.string()) == config;
}

bool is_done(const fs::path& folder, const Config& config, const Genotype& genotype) {
  return fs::exists(folder / "weights.safetensors") && was_asked_for(folder, config) &&
         load_genotype((folder / "genotype.txt").string()) == genotype;
}

std::string PartsClock::next() const {
  const std::string count = std::to_string(done_ + 1) + " of " + std::to_string(parts_);
  if (worked_ == 0) {
    return count;
  }
  const double each = watch_.seconds() / static_cast<double>(worked_);
  return count + ", about " + duration_text(each * static_cast<double>(parts_ - done_)) + " to go";
}

void PartsClock::finish_part(bool worked) {
  ++done_;
  worked_ += worked ? 1 : 0;
}

void report_parts(const fs::path& folder, size_t runs, Log& log) {
  constexpr size_t kMostRuns = 20;
  if (runs <= kMostRuns) {
    const LiveReport written_as_it_goes(folder, log);
  }
}

FolderLock begin_parts(const RunOptions& options, const std::vector<std::string>& parts) {
  std::error_code error;
  if (options.resume) {
    if (!fs::is_directory(options.out, error)) {
      throw FileError(options.out.string() + ": holds no runs to resume; start without --resume");
    }
    if (fs::exists(options.out / "config.yaml", error)) {
      throw FileError(options.out.string() +
                      ": holds a single run, not several; choose another --out");
    }
    check_parts(options.out, parts);
  } else {
    for (const auto& entry : fs::directory_iterator(options.out, error)) {
      if (entry.path().filename() != FolderLock::kName) {
        throw FileError(options.out.string() +
                        ": holds files already; go on with --resume or choose another --out");
      }
    }
  }
  fs::create_directories(options.out, error);
  if (error) {
    throw FileError(options.out.string() + ": the folder can't be made: " + error.message());
  }
  return FolderLock(options.out);
}

}  // namespace sanas
