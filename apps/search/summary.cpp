// SPDX-License-Identifier: Apache-2.0
#include "search/summary.h"

#include <array>
#include <cstdio>

#include "common/shell_word.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// From the root on, without a separator behind it.
fs::path whole_path(const fs::path& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

/// A folder beside that of the run.
fs::path beside(const fs::path& folder, const std::string& ending) {
  return folder.parent_path() / (folder.filename().string() + ending);
}

/// A program that lies where this one lies; one that the shell found by its name, it finds again.
std::string sibling(const std::string& program, const std::string& name) {
  return program.find('/') == std::string::npos
             ? name
             : whole_path(program).replace_filename(name).string();
}

std::string command_line(std::vector<std::string> words) {
  for (std::string& word : words) {
    word = shell_word(word);
  }
  return join(words, " ");
}

std::string size_text(const NetworkSize& size, const EvaluationOptions& evaluation) {
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(),
                "%.3f M parameters, %.3f M multiply-adds (%lld channels, %lld cells)",
                static_cast<double>(size.parameters) / 1e6, static_cast<double>(size.macs) / 1e6,
                static_cast<long long>(evaluation.channels),
                static_cast<long long>(evaluation.cells));
  return text.data();
}

}  // namespace

std::vector<std::string> summary_lines(const SearchSummary& summary, const Config& config,
                                       const fs::path& folder, const std::string& program) {
  const fs::path run = whole_path(folder);
  const fs::path trained = beside(run, "-trained");
  const std::string data = whole_path(config.dataset.source.root).string();
  // The run's own configuration has every change of the command line in it.
  const std::string train = command_line(
      {sibling(program, "sanas_eval"), "--config", (run / "config.yaml").string(), "--data", data,
       "--genotype", (run / "genotype.txt").string(), "--out", trained.string()});
  const std::string maps =
      command_line({sibling(program, "sanas_saliency"), "--checkpoint",
                    (trained / "checkpoints" / "last.safetensors").string(), "--images",
                    config.dataset.source.name + ":test", "--data", data, "--count", "16", "--out",
                    beside(run, "-maps").string()});
  return {"Genotype:   " + to_string(summary.genotype),
          "Network:    " + size_text(summary.network, config.evaluation),
          "Run folder: " + run.string(),
          "Report:     " + (run / "report.html").string(),
          "Train it:   " + train,
          "Then maps:  " + maps};
}

}  // namespace sanas
