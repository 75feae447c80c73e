// SPDX-License-Identifier: Apache-2.0
#include "partial_run.h"

#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/io/live_report.h"

namespace sanas {

namespace fs = std::filesystem;

RunOptions partial_run(const RunOptions& options, const fs::path& folder) {
  RunOptions result = options;
  result.out = folder;
  result.resume = options.resume && fs::exists(folder / "config.yaml");
  return result;
}

bool is_done(const fs::path& folder, const Config& config, const Genotype& genotype) {
  return fs::exists(folder / "weights.safetensors") &&
         read_text_file(folder / "config.yaml") == to_yaml(config) &&
         load_genotype((folder / "genotype.txt").string()) == genotype;
}

void report_parts(const fs::path& folder, size_t runs, Log& log) {
  constexpr size_t kMostRuns = 20;
  if (runs <= kMostRuns) {
    const LiveReport written_as_it_goes(folder, log);
  }
}

FolderLock begin_parts(const RunOptions& options) {
  std::error_code error;
  if (options.resume) {
    if (!fs::is_directory(options.out, error)) {
      throw FileError(options.out.string() + ": holds no runs to resume; start without --resume");
    }
    if (fs::exists(options.out / "config.yaml", error)) {
      throw FileError(options.out.string() +
                      ": holds a single run, not several; choose another --out");
    }
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
