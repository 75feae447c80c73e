// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/report.h"

#include <ctime>

#include "core/time_text.h"
#include "report/chain.h"
#include "report/chain_page.h"
#include "report/curves.h"
#include "report/html.h"
#include "report/page.h"
#include "report/page_part.h"
#include "report/run_part.h"
#include "report/sections.h"
#include "sanas/core/error.h"
#include "sanas/files/atomic_file.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

PagePart comparison(const std::vector<RunContents>& runs) {
  const RunList list = all_of(runs);
  return {"comparison", "Side by side",
          to_html({{"compared-numbers", "Numbers", compared_numbers(runs)},
                   {"compared-configurations", "Configurations", compared_configurations(list)},
                   {"compared-curves", "Curves", draw_compared_curves(list)},
                   {"compared-cells", "Cells", compared_cells(runs)}})};
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

PageBody one_run(const RunContents& run, const fs::path& page_folder, Phase& phase) {
  const auto parts = parts_of(run, "run1", page_folder);
  phase.advance();
  return {run.name, parts, section(run_part(run, "run1", kind_name(run.kind), parts))};
}

/// What the runs have in common, then each by itself.
PageBody side_by_side(const std::vector<RunContents>& runs, const fs::path& page_folder,
                      Phase& phase) {
  PageBody body{std::to_string(runs.size()) + " runs side by side", {}, ""};
  const auto add = [&](const PagePart& part, const std::string& short_heading) {
    body.contents.push_back({part.id, short_heading, part.content});
    body.html += section(part);
  };
  add(comparison(runs), "Side by side");
  for (size_t r = 0; r < runs.size(); ++r) {
    const std::string id = "run" + std::to_string(r + 1);
    add(run_part(runs[r], id, run_heading(runs[r]), parts_of(runs[r], id, page_folder)),
        escape_html(runs[r].name));
    phase.advance();
  }
  return body;
}

PageBody body_of(const std::vector<RunContents>& runs, const fs::path& page_folder, Phase& phase) {
  if (runs.size() == 1) {
    return one_run(runs.front(), page_folder, phase);
  }
  if (const auto chain = find_chain(runs)) {
    return tell_chain(*chain, page_folder, phase);
  }
  return side_by_side(runs, page_folder, phase);
}

std::string page_of(const PageBody& body) {
  return html_page(
      body.title + " – sanas",
      "<a class=\"skip\" href=\"#content\">To the content</a>\n<header>\n<h1>" +
          escape_html(body.title) + "</h1>\n<p class=\"sub\">Report of " +
          utc_text(std::time(nullptr), "%Y-%m-%d %H:%M UTC") + ", sanas " SANAS_VERSION "</p>\n" +
          navigation(body.contents) + "</header>\n<main id=\"content\">\n" + body.html +
          "</main>\n<footer>Made from what lies in the run folders; <code>sanas_inspect report"
          "</code> makes it anew.</footer>\n");
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
  return page_of(body_of(runs, page_folder, phase));
}

void write_report(const std::vector<fs::path>& runs, const fs::path& output,
                  PhaseObserver& observer) {
  const fs::path folder = output.parent_path();
  write_file_atomically(output, make_report(runs, folder.empty() ? "." : folder, observer));
}

}  // namespace sanas
