// SPDX-License-Identifier: Apache-2.0
#include "common/output_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <string_view>

#include "common/program.h"

namespace sanas {

namespace fs = std::filesystem;

namespace {

/// A path as a word of a shell's command line.
std::string shell_word(const fs::path& path) {
  const std::string text = path.string();
  const bool is_plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./+,:@%=").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (is_plain) {
    return text;
  }
  std::string word = "'";
  for (const char c : text) {
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return word + "'";
}

}  // namespace

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
                     shell_word(folder) + " --resume goes on");
  return kExitInterrupted;
}

}  // namespace sanas
