// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/report.h"

#include <ctime>

#include "core/time_text.h"
#include "report/curves.h"
#include "report/html.h"
#include "report/operation_weights.h"
#include "report/page.h"
#include "report/run_contents.h"
#include "report/sections.h"
#include "sanas/core/error.h"
#include "sanas/files/atomic_file.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// A part of the page under a heading of its own; left out without content.
struct Part {
  std::string id;
  std::string heading;
  std::string content;
};

std::string to_html(const std::vector<Part>& parts) {
  std::string html;
  for (const auto& part : parts) {
    if (!part.content.empty()) {
      html += "<section class=\"card\" id=\"" + part.id + "\" aria-labelledby=\"" + part.id +
              "-heading\">\n<h3 id=\"" + part.id + "-heading\">" + part.heading + "</h3>\n" +
              part.content + "</section>\n";
    }
  }
  return html;
}

const char* kind_name(RunKind kind) {
  switch (kind) {
    case RunKind::kEvaluation:
      return "Training of a network";
    case RunKind::kSaliency:
      return "Saliency maps";
    case RunKind::kSearch:
      break;
  }
  return "Architecture search";
}

std::string problems_of(const RunContents& run) {
  std::string items;
  for (const auto& problem : run.problems) {
    items += "<li>" + escape_html(problem) + "</li>\n";
  }
  return items.empty() ? ""
                       : "<div class=\"problems\" role=\"note\"><strong>Some of this run could not "
                         "be read:</strong>\n<ul>" +
                             items + "</ul></div>\n";
}

std::vector<Part> parts_of(const RunContents& run, const std::string& id,
                           const fs::path& page_folder) {
  return {
      {id + "-what", "What was run", sessions_section(run)},
      {id + "-test", "Test", test_section(run)},
      {id + "-saliency", "Saliency", pictures_section(run, page_folder) + predictions_section(run)},
      {id + "-curves", "Curves", draw_curves(run)},
      {id + "-cells", "Cells", cells_section(run)},
      {id + "-normal", "Operation weights of the normal cell", draw_operation_weights(run, false)},
      {id + "-reduction", "Operation weights of the reduction cell",
       draw_operation_weights(run, true)},
      {id + "-cost", "Time, passes and memory per update", cost_section(run)},
      {id + "-configuration", "Configuration", configuration_section(run)},
      {id + "-log", "Log", log_section(run)},
      {id + "-files", "Files", files_section(run, page_folder)}};
}

/// @param heading as HTML.
std::string run_part(const RunContents& run, const std::string& id, const std::string& heading,
                     const std::vector<Part>& parts) {
  return "<section id=\"" + id + "\" aria-labelledby=\"" + id + "-title\">\n<h2 id=\"" + id +
         "-title\">" + heading + "</h2>\n" + problems_of(run) + overview(run) + to_html(parts) +
         "</section>\n";
}

std::string comparison(const std::vector<RunContents>& runs) {
  return "<section id=\"comparison\" aria-labelledby=\"comparison-title\">\n<h2 "
         "id=\"comparison-title\">Side by side</h2>\n" +
         to_html({{"compared-numbers", "Numbers", compared_numbers(runs)},
                  {"compared-configurations", "Configurations", compared_configurations(runs)},
                  {"compared-curves", "Curves", draw_compared_curves(runs)},
                  {"compared-cells", "Cells", compared_cells(runs)}}) +
         "</section>\n";
}

std::string navigation(const std::vector<Part>& targets) {
  std::string items;
  for (const auto& target : targets) {
    if (!target.content.empty()) {
      items += "<li><a href=\"#" + target.id + "\">" + target.heading + "</a></li>\n";
    }
  }
  return "<nav aria-label=\"Contents\"><ul>\n" + items + "</ul></nav>\n";
}

/// Runs of one name are told apart by their whole paths.
void distinguish(std::vector<RunContents>& runs) {
  for (size_t a = 0; a < runs.size(); ++a) {
    for (size_t b = a + 1; b < runs.size(); ++b) {
      if (runs[a].name == runs[b].name) {
        runs[a].name = runs[a].folder.lexically_normal().string();
        runs[b].name = runs[b].folder.lexically_normal().string();
      }
    }
  }
}

}  // namespace

std::string make_report(const std::vector<fs::path>& folders, const fs::path& page_folder,
                        PhaseObserver& observer) {
  if (folders.empty()) {
    throw FileError("a report needs at least one run folder");
  }
  std::vector<fs::path> run_folders;
  for (const auto& folder : folders) {
    const auto found = runs_in(folder);
    run_folders.insert(run_folders.end(), found.begin(), found.end());
  }
  Phase phase(observer, "report", 2 * static_cast<int64_t>(run_folders.size()));
  std::vector<RunContents> runs;
  for (const auto& folder : run_folders) {
    runs.push_back(read_run_contents(folder));
    phase.advance();
  }
  distinguish(runs);
  const bool several = runs.size() > 1;
  std::string body = several ? comparison(runs) : "";
  std::vector<Part> targets{{"comparison", "Side by side", body}};
  for (size_t r = 0; r < runs.size(); ++r) {
    const std::string id = "run" + std::to_string(r + 1);
    const auto parts = parts_of(runs[r], id, page_folder);
    const std::string name = escape_html(runs[r].name);
    const std::string heading = several ? name + " <small>" + kind_name(runs[r].kind) + "</small>"
                                        : kind_name(runs[r].kind);
    const std::string part = run_part(runs[r], id, heading, parts);
    if (several) {
      targets.push_back({id, name, part});
    } else {
      targets = parts;
    }
    body += part;
    phase.advance();
  }
  const std::string title =
      several ? std::to_string(runs.size()) + " runs side by side" : runs.front().name;
  return html_page(
      title + " – sanas",
      "<a class=\"skip\" href=\"#content\">To the content</a>\n<header>\n<h1>" +
          escape_html(title) + "</h1>\n<p class=\"sub\">Report of " +
          utc_text(std::time(nullptr), "%Y-%m-%d %H:%M UTC") + ", sanas " SANAS_VERSION "</p>\n" +
          navigation(targets) + "</header>\n<main id=\"content\">\n" + body +
          "</main>\n<footer>Made from what lies in the run folders; <code>sanas_inspect report"
          "</code> makes it anew.</footer>\n");
}

void write_report(const std::vector<fs::path>& runs, const fs::path& output,
                  PhaseObserver& observer) {
  const fs::path folder = output.parent_path();
  write_file_atomically(output, make_report(runs, folder.empty() ? "." : folder, observer));
}

}  // namespace sanas
