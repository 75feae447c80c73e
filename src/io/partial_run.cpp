// SPDX-License-Identifier: Apache-2.0
#include "partial_run.h"

#include "sanas/core/error.h"

namespace sanas {

RunOptions partial_run(const RunOptions& options, const std::filesystem::path& folder) {
  RunOptions result = options;
  result.out = folder;
  result.resume = options.resume && std::filesystem::exists(folder / "config.yaml");
  return result;
}

void check_new_or_resumed(const RunOptions& options) {
  if (!options.resume && std::filesystem::exists(options.out) &&
      !std::filesystem::is_empty(options.out)) {
    throw FileError(options.out.string() +
                    ": holds files already; go on with --resume or choose another --out");
  }
}

}  // namespace sanas
