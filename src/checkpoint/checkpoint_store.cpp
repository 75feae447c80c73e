// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint_store.h"

#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "formats/number_text.h"
#include "sanas/core/error.h"
#include "sanas/files/atomic_file.h"
#include "sanas/formats/safetensors.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".safetensors";
constexpr const char* kName = "checkpoint_name";
constexpr const char* kBestName = "best_checkpoint";
constexpr const char* kBestScore = "best_score";

std::string value_of(const NamedTensors& checkpoint, const char* key) {
  const auto found = checkpoint.metadata.find(key);
  return found == checkpoint.metadata.end() ? "" : found->second;
}

/// What `save` accepts. A file that somebody else made must not lead out of the folder.
bool is_state_name(const std::string& name) {
  constexpr size_t kLongest = 64;
  return name.size() <= kLongest && (name.starts_with("step-") || name.starts_with("stage-")) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
         });
}

/// By its name: others may keep files of their own in the folder.
bool is_earlier(const fs::path& file) {
  return file.extension() == kEnding && is_state_name(file.stem().string());
}

NamedTensors read_checked(const fs::path& file) {
  NamedTensors checkpoint = read_safetensors(file);
  if (!has_checksum(checkpoint)) {
    throw FileError(file.string() + ": is no checkpoint, or damaged: it has no checksum");
  }
  const std::string best = value_of(checkpoint, kBestName);
  if (!is_state_name(value_of(checkpoint, kName)) || !(best.empty() || is_state_name(best))) {
    throw FileError(file.string() + ": is no checkpoint of a run: its name is no state's");
  }
  return checkpoint;
}

}  // namespace

CheckpointStore::CheckpointStore(fs::path folder, int64_t keep)
    : folder_(std::move(folder)), earlier_count_(static_cast<size_t>(keep - 1)) {}

fs::path CheckpointStore::earlier(const std::string& name) const {
  return folder_ / (name + kEnding);
}

std::vector<fs::path> CheckpointStore::all_earlier() const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (is_earlier(entry.path())) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end(), std::greater<>());
  return files;
}

bool CheckpointStore::holds_any() const {
  return fs::exists(last()) || (fs::is_directory(folder_) && !all_earlier().empty());
}

std::optional<LoadedCheckpoint> CheckpointStore::load(Log& log, const Check& check) {
  std::vector<fs::path> files = all_earlier();
  if (fs::exists(last())) {
    files.insert(files.begin(), last());
  }
  std::optional<FileError> first_error;
  damaged_.clear();
  for (const auto& file : files) {
    try {
      LoadedCheckpoint loaded{read_checked(file), file.string()};
      if (check) {
        check(loaded);
      }
      last_name_ = file == last() ? value_of(loaded.tensors, kName) : "";
      best_name_ = value_of(loaded.tensors, kBestName);
      best_score_ = parse_number(value_of(loaded.tensors, kBestScore));
      if (first_error) {
        log.warn(std::string("warning: ") + first_error->what() + "; going back to " +
                 file.string());
      }
      return loaded;
    } catch (const FileError& error) {
      if (file != last()) {
        damaged_.push_back(file);
      }
      if (!first_error) {
        first_error = error;
      }
    }
  }
  if (first_error) {
    throw FileError(std::string(first_error->what()) +
                    "; there is no good checkpoint before it, start the run anew");
  }
  log.warn("warning: " + folder_.string() + ": no checkpoint yet, going back to the beginning");
  return std::nullopt;
}

void CheckpointStore::save(NamedTensors checkpoint, const std::string& name,
                           std::optional<double> score) {
  TORCH_CHECK(is_state_name(name), "'", name, "' is no name of a state");
  if (score && !(best_score_ && *score <= *best_score_)) {
    best_score_ = score;
    best_name_ = name;
  }
  checkpoint.metadata[kName] = name;
  if (best_score_) {
    checkpoint.metadata[kBestName] = best_name_;
    checkpoint.metadata[kBestScore] = format_number(*best_score_);
  }
  request_checksum(checkpoint);
  if (!last_name_.empty() && last_name_ != name) {
    keep_last();
  }
  write_safetensors(last(), checkpoint);
  last_name_ = name;
  if (best_name_ == name) {
    link_file_atomically(last(), best());
  }
  remove_old();
}

void CheckpointStore::keep_last() const {
  if (earlier_count_ > 0) {
    link_file_atomically(last(), earlier(last_name_));
  }
  if (best_name_ == last_name_) {  // a process may have been killed before it did this
    link_file_atomically(last(), best());
  }
}

void CheckpointStore::remove_old() {
  std::error_code ignored;  // one too many does no harm
  for (const auto& file : std::exchange(damaged_, {})) {
    fs::remove(file, ignored);
  }
  const auto files = all_earlier();
  for (size_t i = earlier_count_; i < files.size(); ++i) {
    fs::remove(files[i], ignored);
  }
}

}  // namespace sanas
