// SPDX-License-Identifier: Apache-2.0
#include "report/run_contents.h"

#include <algorithm>
#include <array>
#include <deque>
#include <fstream>

#include "files/folders.h"
#include "formats/json_lines_reader.h"
#include "formats/json_text.h"
#include "report/run_files.h"
#include "report/saliency_manifest.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/formats/safetensors.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

// Each shows that something was run in the folder that holds it.
constexpr std::array kSigns{run_files::kConfig, run_files::kMetrics, run_files::kPredictions,
                            run_files::kSaliency, run_files::kSessions};
constexpr size_t kLogLines = 40;

std::string folder_name(const fs::path& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  const std::string name = (path.has_filename() ? path : path.parent_path()).filename().string();
  return name.empty() ? path.string() : name;
}

/// Does `read`; what it throws becomes a problem.
template <typename Read>
void attempt(std::vector<std::string>& problems, const Read& read) {
  try {
    read();
  } catch (const std::exception& error) {
    problems.emplace_back(error.what());
  }
}

std::optional<Config> read_config(const fs::path& path, RunContents& run, std::string* text) {
  std::optional<Config> config;
  if (is_file(path)) {
    attempt(run.problems, [&] {
      const std::string content = read_text_file(path);
      if (text != nullptr) {
        *text = content;
      }
      config = parse_config(content, path.filename().string());
    });
  }
  return config;
}

void read_genotype(const fs::path& path, RunContents& run) {
  if (is_file(path)) {
    attempt(run.problems, [&] {
      run.genotype_text = read_text_file(path);
      run.genotype = parse_genotype(run.genotype_text);
    });
  }
}

/// The object in a file; null without one.
json read_object(const fs::path& path, std::vector<std::string>& problems) {
  json object;
  if (is_file(path)) {
    attempt(problems, [&] {
      object = parse_json(read_text_file(path));
      if (!object.is_object()) {
        object = nullptr;
        throw FileError(path.filename().string() + ": no JSON object");
      }
    });
  }
  return object;
}

std::vector<std::string> last_lines(const fs::path& path, size_t count) {
  std::deque<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
    if (lines.size() > count) {
      lines.pop_front();
    }
  }
  return {lines.begin(), lines.end()};
}

void list_files(RunContents& run) {
  std::error_code error;
  fs::recursive_directory_iterator it(run.folder, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    const bool hidden = it->path().filename().string().starts_with('.');
    std::error_code ignored;
    if (!hidden && it->is_regular_file(ignored)) {
      run.files.push_back(it->path().lexically_relative(run.folder));
    }
  }
  std::sort(run.files.begin(), run.files.end());
}

/// Of several columns, each has a folder of its own.
void list_columns(RunContents& run) {
  const auto columns = run.saliency.find("columns");
  if (columns == run.saliency.end() || !columns->is_array() || columns->size() < 2) {
    return;
  }
  std::vector<std::string> problems;
  for (const auto& column : saliency_columns(run.saliency, problems)) {
    run.columns.push_back(column.folder);
  }
  for (const auto& problem : problems) {
    run.problems.push_back(std::string(run_files::kSaliency) + ": " + problem);
  }
}

RunKind kind_of(const RunContents& run) {
  const auto has_phase = [&](const std::string& prefix) {
    return std::any_of(run.metrics.begin(), run.metrics.end(), [&](const json& record) {
      return text_in(record, "phase").starts_with(prefix);
    });
  };
  const std::string program = run.sessions.empty() ? "" : text_in(run.sessions.back(), "program");
  const auto kind = run.checkpoint.find("kind");
  if (program == "sanas_saliency" || run.saliency.is_object() || !run.predictions.empty()) {
    return RunKind::kSaliency;
  }
  if (program == "sanas_eval" || has_phase("train") ||
      (kind != run.checkpoint.end() && kind->second == "evaluation")) {
    return RunKind::kEvaluation;
  }
  return RunKind::kSearch;
}

/// The folder if it holds a run, else the runs so many levels below it.
void add_runs(const fs::path& folder, int levels, std::vector<fs::path>& runs) {
  if (std::any_of(kSigns.begin(), kSigns.end(),
                  [&](const char* name) { return is_file(folder / name); })) {
    runs.push_back(folder);
    return;
  }
  std::vector<fs::path> inner;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (levels > 0 && it->is_directory(ignored)) {
      inner.push_back(it->path());
    }
  }
  std::sort(inner.begin(), inner.end());
  for (const auto& path : inner) {
    add_runs(path, levels - 1, runs);
  }
}

}  // namespace

RunList all_of(const std::vector<RunContents>& runs) {
  RunList list;
  for (const auto& run : runs) {
    list.push_back(&run);
  }
  return list;
}

std::vector<fs::path> runs_in(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw FileError(folder.string() + ": no such folder; a report is made from run folders");
  }
  std::vector<fs::path> runs;
  add_runs(folder, /*levels=*/2, runs);
  if (runs.empty()) {
    throw FileError(folder.string() + ": holds nothing of a run; expected one of " +
                    join({kSigns.begin(), kSigns.end()}));
  }
  return runs;
}

RunContents read_run_contents(const fs::path& folder) {
  RunContents run;
  run.folder = folder;
  run.name = folder_name(folder);
  run.config = read_config(folder / run_files::kConfig, run, &run.config_text);
  run.base = read_config(folder / run_files::kBaseConfig, run, nullptr);
  read_genotype(folder / run_files::kGenotype, run);
  run.metrics = read_json_lines(folder / run_files::kMetrics, run.problems);
  run.sessions = read_json_lines(folder / run_files::kSessions, run.problems);
  run.saliency = read_object(folder / run_files::kSaliency, run.problems);
  list_columns(run);
  const fs::path predicted = run.columns.empty() ? folder : folder / run.columns.front();
  run.predictions = read_json_lines(predicted / run_files::kPredictions, run.problems);
  run.test = read_object(folder / run_files::kTestReport, run.problems);
  const fs::path checkpoint = folder / run_files::kLastCheckpoint;
  if (is_file(checkpoint)) {
    attempt(run.problems, [&] { run.checkpoint = read_safetensors_metadata(checkpoint); });
  }
  run.log_tail = last_lines(folder / run_files::kLog, kLogLines);
  list_files(run);
  run.kind = kind_of(run);
  return run;
}

}  // namespace sanas
