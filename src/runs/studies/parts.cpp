// SPDX-License-Identifier: Apache-2.0
#include "runs/studies/parts.h"

#include <algorithm>

#include "core/time_text.h"
#include "files/folders.h"
#include "report/run_files.h"
#include "runs/live_report.h"
#include "sanas/core/error.h"
#include "sanas/files/atomic_file.h"

namespace sanas {

namespace fs = std::filesystem;

namespace {

/// A table of results is made anew by a resume: no run that is there may be missing in it.
void check_parts(const fs::path& folder, const std::vector<std::string>& parts) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool is_run = fs::exists(entry.path() / run_files::kConfig) ||
                        fs::exists(entry.path() / run_files::kSearchRun / run_files::kConfig);
    if (is_run && std::find(parts.begin(), parts.end(), name) == parts.end()) {
      throw FileError(folder.string() + ": holds '" + name + "', which is not among the runs " +
                      "that are asked for; ask for it, too, or choose another --out");
    }
  }
}

}  // namespace

bool was_asked_for(const fs::path& folder, const Config& config) {
  const fs::path file = folder / run_files::kConfig;
  return fs::exists(file) && load_config(file.string()) == config;
}

bool is_done(const fs::path& folder, const Config& config, const Genotype& genotype) {
  return fs::exists(folder / run_files::kWeights) && was_asked_for(folder, config) &&
         load_genotype((folder / run_files::kGenotype).string()) == genotype;
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
    LiveReport(folder, log).refresh();
  }
}

std::unique_ptr<FolderLock> begin_parts(const RunOptions& options,
                                        const std::vector<std::string>& parts) {
  std::error_code error;
  if (options.resume) {
    if (!fs::is_directory(options.out, error)) {
      throw FileError(options.out.string() + ": holds no runs to resume; start without --resume");
    }
    if (fs::exists(options.out / run_files::kConfig, error)) {
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
  make_folder(options.out);
  auto lock = std::make_unique<FolderLock>(options.out);
  remove_stale_temporary_files(options.out);
  return lock;
}

}  // namespace sanas
