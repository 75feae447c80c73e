// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "common/arguments.h"
#include "common/help.h"
#include "common/program.h"
#include "eval/verbs.h"
#include "sanas/core/error.h"
#include "sanas/formats/accuracy_file.h"
#include "sanas/report/method_table.h"

namespace sanas {
namespace {

struct CompareOptions {
  std::vector<std::string> runs;
  std::vector<std::string> names;
  TableFormat format = TableFormat::kText;
};

std::string name_of(const std::string& path) {
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  return normal.has_filename() ? normal.stem().string() : normal.parent_path().filename().string();
}

int compare(const CompareOptions& options) {
  if (!options.names.empty() && options.names.size() != options.runs.size()) {
    throw ConfigError("--names: " + std::to_string(options.names.size()) + " names for " +
                      std::to_string(options.runs.size()) + " methods");
  }
  std::vector<MethodScores> methods;
  for (size_t i = 0; i < options.runs.size(); ++i) {
    methods.push_back({options.names.empty() ? name_of(options.runs[i]) : options.names[i],
                       read_accuracies(options.runs[i])});
  }
  std::vector<MethodComparison> comparisons;
  for (size_t i = 1; i < methods.size(); ++i) {
    comparisons.push_back(compare_methods(methods.front(), methods[i]));
  }
  std::cout << comparison_table(comparisons, options.format);
  return kExitDone;
}

}  // namespace

void add_compare(CLI::App& app, std::function<int()>& verb) {
  auto& command =
      add_verb(app, "compare", "is the first method's accuracy other than that of each other?");
  const auto options = std::make_shared<CompareOptions>();
  command
      .add_option("methods", options->runs,
                  "run folders of --seeds, their results.tsv, or files with an accuracy per line")
      ->type_name("PATH...")
      ->required()
      ->expected(2, 100);
  command.add_option("--names", options->names, "names for the table")
      ->type_name("LIST")
      ->delimiter(',')
      ->default_str("the files' names");
  add_choice(
      command, "--format", options->format,
      {{"text", TableFormat::kText}, {"csv", TableFormat::kCsv}, {"latex", TableFormat::kLatex}},
      "text, csv or latex");
  add_examples(command, {"runs/seeds runs/others",
                         "runs/seeds/results.tsv runs/others --names ours,theirs --format latex"});
  command.callback([options, &verb] { verb = [options] { return compare(*options); }; });
}

}  // namespace sanas
