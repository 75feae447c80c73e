// SPDX-License-Identifier: Apache-2.0
#include "partial_run.h"

#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/io/live_report.h"

namespace sanas {

RunOptions partial_run(const RunOptions& options, const std::filesystem::path& folder) {
  RunOptions result = options;
  result.out = folder;
  result.resume = options.resume && std::filesystem::exists(folder / "config.yaml");
  return result;
}

bool is_done(const std::filesystem::path& folder, const Config& config, const Genotype& genotype) {
  return std::filesystem::exists(folder / "weights.safetensors") &&
         read_text_file(folder / "config.yaml") == to_yaml(config) &&
         load_genotype((folder / "genotype.txt").string()) == genotype;
}

void report_parts(const std::filesystem::path& folder, size_t runs, Log& log) {
  constexpr size_t kMostRuns = 20;
  if (runs <= kMostRuns) {
    const LiveReport written_as_it_goes(folder, log);
  }
}

void check_new_or_resumed(const RunOptions& options) {
  if (!options.resume && std::filesystem::exists(options.out) &&
      !std::filesystem::is_empty(options.out)) {
    throw FileError(options.out.string() +
                    ": holds files already; go on with --resume or choose another --out");
  }
}

}  // namespace sanas
