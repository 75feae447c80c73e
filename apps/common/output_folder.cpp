// SPDX-License-Identifier: Apache-2.0
#include "common/output_folder.h"

#include <unistd.h>

#include <ctime>

#include "common/program.h"
#include "common/shell_word.h"

namespace sanas {

namespace fs = std::filesystem;

OutputFolder::OutputFolder(fs::path named, const std::string& name)
    : is_made_here_(named.empty()),
      path_(is_made_here_ ? make_run_folder(name, std::time(nullptr)) : std::move(named)) {}

OutputFolder::~OutputFolder() {
  if (is_made_here_) {
    ::rmdir(path_.c_str());  // does nothing unless it is empty
  }
}

int end_of_run(RunOutcome outcome, const fs::path& folder, Log& log) {
  if (outcome == RunOutcome::kFinished) {
    log.info("Run folder: " + folder.string());
    return kExitDone;
  }
  log.warn(kept_config(folder).empty()
               ? "stopped by a signal before anything was begun; the same command begins again"
               : "stopped by a signal; everything is saved. The same command with --out " +
                     shell_word(folder.string()) + " --resume goes on");
  return kExitInterrupted;
}

}  // namespace sanas
