// SPDX-License-Identifier: Apache-2.0
#include "runs/kept_files.h"

#include "files/folders.h"
#include "report/run_files.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/files/atomic_file.h"

namespace sanas {

namespace fs = std::filesystem;

Config with_kept_files(Config config, const RunOptions& options) {
  check_writable(config);
  if (!options.resume) {
    return config;
  }
  const fs::path recorded = kept_config(options.out);
  if (config.evaluation.initial_weights.empty() && !recorded.empty()) {
    config.evaluation.initial_weights = load_config(recorded.string()).evaluation.initial_weights;
  }
  const fs::path kept = options.out / run_files::kSearchList;
  fs::path& list = config.dataset.search_list;
  if (!list.empty() && !is_file(list) && is_file(kept)) {
    list = kept;
  }
  return config;
}

void keep_search_list(const fs::path& folder, const Config& config) {
  const fs::path& list = config.dataset.search_list;
  if (list.empty() || !is_file(list)) {
    return;
  }
  const std::string text = read_text_file(list);
  const fs::path kept = folder / run_files::kSearchList;
  if (!is_file(kept)) {
    write_file_atomically(kept, text);
  } else if (read_text_file(kept) != text) {
    throw DataError(list.string() + ": is another list than the run was begun with, which is " +
                    kept.string());
  }
}

}  // namespace sanas
