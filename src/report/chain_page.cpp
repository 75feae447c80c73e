// SPDX-License-Identifier: Apache-2.0
#include "report/chain_page.h"

#include <algorithm>

#include "report/chain_quality.h"
#include "report/curves.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/operation_weights.h"
#include "report/quantity_text.h"
#include "report/run_part.h"
#include "report/sections.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// Room for pictures that those of the search leave free: they show what the maps show of the
/// network that it found, and the page shall not grow by them where the maps are large.
constexpr size_t kKeptFree = 700'000;

std::string note(const std::string& sentence) { return "<p>" + sentence + "</p>\n"; }

/// The runs that are told, as a reader meets them.
RunList told_runs(const Chain& chain) {
  RunList runs;
  if (chain.search != nullptr) {
    runs.push_back(chain.search);
  }
  runs.insert(runs.end(), chain.trainings.begin(), chain.trainings.end());
  runs.insert(runs.end(), chain.maps.begin(), chain.maps.end());
  return runs;
}

/// "search → eval → maps"; several of a kind are counted.
std::string title_of(const Chain& chain) {
  std::string title = chain.search != nullptr ? chain.search->name : "";
  const auto add = [&](const RunList& runs, const char* several) {
    if (!runs.empty()) {
      title += (title.empty() ? "" : " → ") +
               (runs.size() == 1 ? runs.front()->name : std::to_string(runs.size()) + several);
    }
  };
  add(chain.trainings, " trainings");
  add(chain.maps, " sets of maps");
  return title;
}

PagePart what_was_found(const Chain& chain) {
  std::vector<std::pair<std::string, std::string>> facts;
  if (chain.search != nullptr) {
    for (const auto& [key, name] :
         {std::pair("parameters", "Parameters"), std::pair("macs", "Multiply-adds"),
          std::pair("skips_normal", "Skip connections, normal cell"),
          std::pair("skips_reduce", "Skip connections, reduction cell")}) {
      if (const auto number = last_number(*chain.search, "search_epoch", key)) {
        facts.emplace_back(name, count_text(*number));
      }
    }
  }
  std::string html =
      chain.search != nullptr
          ? ""
          : note(
                "The search of these cells was not given; <code>sanas_inspect report SEARCH "
                "…</code> shows how it went, too.");
  html += chain.genotype ? "" : note("The genotype can't be read.");
  html += facts.empty() ? "" : "<dl class=\"facts\">\n" + description_entries(facts) + "</dl>\n";
  return {"found", "What was found",
          html + to_html({{"found-cells", "Cells",
                           chain.genotype ? cells_section(*chain.genotype) : ""}})};
}

std::string maps_of(const RunContents& run, const fs::path& page_folder, PictureRoom& room) {
  return overview(run) + pictures_section(run, page_folder, room) + predictions_section(run);
}

PagePart what_it_looks_at(const Chain& chain, const fs::path& page_folder, PictureRoom& room) {
  std::vector<PagePart> parts;
  for (const auto* run : chain.maps) {
    parts.push_back({"maps-" + std::to_string(parts.size() + 1), run_heading(*run),
                     maps_of(*run, page_folder, room)});
  }
  std::string missing;
  if (chain.maps.empty()) {
    missing = note(
        "No maps of this network were given; <code>sanas_saliency --checkpoint "
        "EVAL/checkpoints/last.safetensors …</code> makes them.");
    for (const auto* run : chain.trainings) {
      parts.push_back({"trained-maps-" + std::to_string(parts.size() + 1),
                       "While it was trained: " + escape_html(run->name),
                       pictures_section(*run, page_folder, room)});
    }
  }
  for (const auto* run : chain.other_maps) {
    missing += note(escape_html(run->name) +
                    " names no checkpoint of these runs: its maps stand by themselves below.");
  }
  return {"looks", "What it looks at", missing + to_html(parts)};
}

PagePart how_the_search_went(const Chain& chain, const fs::path& page_folder, PictureRoom& room) {
  const char* heading = "How the search went";
  room.left -= std::min(room.left, kKeptFree);
  if (chain.search == nullptr) {
    return {"search", heading, ""};
  }
  const RunContents& run = *chain.search;
  return {"search", heading,
          overview(run) + to_html({{"search-curves", "Curves", draw_curves(run)},
                                   {"search-normal", "Operation weights of the normal cell",
                                    draw_operation_weights(run, false)},
                                   {"search-reduction", "Operation weights of the reduction cell",
                                    draw_operation_weights(run, true)},
                                   {"search-maps", "What the search network looked at",
                                    pictures_section(run, page_folder, room)}})};
}

PagePart how_the_training_went(const Chain& chain) {
  RunList all = chain.trainings;
  all.insert(all.end(), chain.baseline.begin(), chain.baseline.end());
  std::vector<PagePart> parts{{"training-compared", "All trainings", draw_compared_curves(all)}};
  for (const auto* run : chain.trainings) {
    parts.push_back({"training-" + std::to_string(parts.size()),
                     "Curves of " + escape_html(run->name), draw_curves(*run)});
  }
  return {"training", "How the training went", to_html(parts)};
}

/// What a run took and left.
std::string records_of(const RunContents& run, const fs::path& page_folder) {
  return cost_section(run) + log_section(run) + folded("Files", files_section(run, page_folder)) +
         sessions_section(run);
}

PagePart costs_logs_and_files(const Chain& chain, const fs::path& page_folder, Phase& phase) {
  std::vector<PagePart> parts;
  for (const auto* run : told_runs(chain)) {
    parts.push_back({"record-" + std::to_string(parts.size() + 1), run_heading(*run),
                     records_of(*run, page_folder)});
    phase.advance();
  }
  std::string random;
  for (const auto* run : chain.baseline) {
    random += folded(escape_html(run->name), records_of(*run, page_folder));
    phase.advance();
  }
  parts.push_back({"record-random", "Trainings of random genotypes", random});
  return {"records", "Costs, logs and files", to_html(parts)};
}

PagePart other_maps(const RunContents& run, size_t number, const fs::path& page_folder) {
  const std::string id = "other-" + std::to_string(number);
  return run_part(run, id, run_heading(run), parts_of(run, id, page_folder));
}

/// Options of maps have names of their own: they are compared with those of other maps only.
std::string differences(const Chain& chain) {
  RunList configured = chain.trainings;
  if (chain.search != nullptr) {
    configured.insert(configured.begin(), chain.search);
  }
  return (configured.size() > 1 ? compared_configurations(configured) : "") +
         (chain.maps.size() > 1 ? compared_configurations(chain.maps) : "");
}

PagePart configurations(const Chain& chain) {
  std::string all;
  for (const auto* run : told_runs(chain)) {
    const std::string whole = configuration_section(*run);
    all += whole.empty() ? "" : "<h4>" + escape_html(run->name) + "</h4>\n" + whole;
  }
  return {"configurations", "Configurations",
          to_html({{"configurations-differences", "Differences", differences(chain)},
                   {"configurations-all", "Whole configurations", all}})};
}

}  // namespace

PageBody tell_chain(const Chain& chain, const fs::path& page_folder, Phase& phase) {
  PageBody body{title_of(chain), {}, ""};
  PictureRoom room;
  for (const RunList& runs : {told_runs(chain), chain.baseline}) {
    for (const auto* run : runs) {
      body.html += problems_of(*run, escape_html(run->name));
    }
  }
  body.contents = {what_was_found(chain),
                   how_good_it_is(chain),
                   what_it_looks_at(chain, page_folder, room),
                   how_the_search_went(chain, page_folder, room),
                   how_the_training_went(chain),
                   costs_logs_and_files(chain, page_folder, phase)};
  for (size_t i = 0; i < chain.other_maps.size(); ++i) {
    body.contents.push_back(other_maps(*chain.other_maps[i], i + 1, page_folder));
    phase.advance();
  }
  body.contents.push_back(configurations(chain));
  for (const auto& part : body.contents) {
    body.html += section(part);
  }
  return body;
}

}  // namespace sanas
