// SPDX-License-Identifier: Apache-2.0
#include "report/checkpoint_owner.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "files/folders.h"
#include "report/run_files.h"
#include "sanas/core/error.h"
#include "sanas/formats/safetensors.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// With links followed as far as there is anything.
fs::path whole(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  const fs::path canonical = fs::weakly_canonical(absolute, error);
  return error ? absolute.lexically_normal() : canonical;
}

/// The folder of the run that wrote a checkpoint, or its second network's.
fs::path run_folder_of(const fs::path& checkpoint) {
  fs::path folder = checkpoint.lexically_normal().parent_path();
  for (const char* inner : {run_files::kCheckpoints, run_files::kSecondNetwork}) {
    if (folder.filename() == inner) {
      folder = folder.parent_path();
    }
  }
  return folder;
}

const RunContents* owner_by_place(const fs::path& checkpoint, const RunList& runs) {
  std::error_code error;
  const fs::path folder = whole(run_folder_of(fs::absolute(checkpoint, error)));
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const RunContents* run) {
    return whole(run->folder) == folder;
  });
  return found == runs.end() ? nullptr : *found;
}

/// Whether both are of the same network, trained in the same way.
bool tell_the_same(const std::map<std::string, std::string>& a,
                   const std::map<std::string, std::string>& b) {
  constexpr std::array kKeys{"kind", "genotype", "config"};
  return std::all_of(kKeys.begin(), kKeys.end(), [&](const char* key) {
    const auto of_a = a.find(key);
    const auto of_b = b.find(key);
    return of_a != a.end() && of_b != b.end() && of_a->second == of_b->second;
  });
}

const RunContents* owner_by_content(const fs::path& checkpoint, const RunList& runs) {
  try {
    const auto metadata = read_safetensors_metadata(checkpoint);
    const auto found = std::find_if(runs.begin(), runs.end(), [&](const RunContents* run) {
      return tell_the_same(metadata, run->checkpoint);
    });
    return found == runs.end() ? nullptr : *found;
  } catch (const FileError&) {
    return nullptr;
  }
}

/// How many of their last names agree.
int64_t common_names(const fs::path& a, const fs::path& b) {
  int64_t count = 0;
  auto of_a = a.end();
  auto of_b = b.end();
  while (of_a != a.begin() && of_b != b.begin() && *--of_a == *--of_b) {
    ++count;
  }
  return count;
}

const RunContents* owner_by_name(const fs::path& checkpoint, const RunList& runs) {
  const fs::path folder = run_folder_of(checkpoint);
  const RunContents* best = nullptr;
  int64_t most = 0;
  for (const auto* run : runs) {
    const int64_t count = common_names(folder, whole(run->folder));
    if (count > 0 && count == most) {
      best = nullptr;  // it could be either
    } else if (count > most) {
      best = run;
      most = count;
    }
  }
  return best;
}

}  // namespace

const RunContents* owner_of(const fs::path& checkpoint, const RunList& runs) {
  if (checkpoint.empty()) {
    return nullptr;
  }
  if (const auto* owner = owner_by_place(checkpoint, runs)) {
    return owner;
  }
  return is_file(checkpoint) ? owner_by_content(checkpoint, runs) : owner_by_name(checkpoint, runs);
}

}  // namespace sanas
