// SPDX-License-Identifier: Apache-2.0
#include "report/chain.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

#include "formats/json_text.h"
#include "report/checkpoint_owner.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// That of genotype.txt, or of the checkpoint where the file is missing or damaged.
std::optional<Genotype> genotype_of(const RunContents& run) {
  const auto text = run.checkpoint.find("genotype");
  if (run.genotype || text == run.checkpoint.end()) {
    return run.genotype;
  }
  try {
    return parse_genotype(text->second);
  } catch (const FileError&) {
    return std::nullopt;
  }
}

/// Whether a folder is called as random_sweep calls those of its trainings.
bool is_named_random(const RunContents& run) {
  constexpr std::string_view kPrefix = "random-";
  const std::string name =
      fs::absolute(run.folder / "").lexically_normal().parent_path().filename().string();
  return name.size() > kPrefix.size() && name.starts_with(kPrefix) &&
         name.find_first_not_of("0123456789", kPrefix.size()) == std::string::npos;
}

RunList of_kind(const std::vector<RunContents>& runs, RunKind kind) {
  RunList list;
  for (const auto& run : runs) {
    if (run.kind == kind) {
      list.push_back(&run);
    }
  }
  return list;
}

/// What the search found, or where it is missing, what was trained and is not random.
std::optional<Genotype> common_genotype(const RunContents* search, const RunList& trainings) {
  if (search != nullptr) {
    return genotype_of(*search);
  }
  const auto chosen =
      std::find_if_not(trainings.begin(), trainings.end(),
                       [](const RunContents* run) { return is_named_random(*run); });
  return chosen == trainings.end() ? std::nullopt : genotype_of(**chosen);
}

/// Whether the maps show a network of the chain. @param runs all that have checkpoints.
bool belong_to(const Chain& chain, const RunContents& maps, const RunList& runs) {
  const auto columns = maps.saliency.find("columns");
  if (columns == maps.saliency.end() || !columns->is_array()) {
    return false;
  }
  return std::any_of(columns->begin(), columns->end(), [&](const auto& column) {
    const auto* owner = owner_of(text_in(column, "checkpoint"), runs);
    return owner != nullptr &&
           (owner == chain.search || std::find(chain.trainings.begin(), chain.trainings.end(),
                                               owner) != chain.trainings.end());
  });
}

/// Whether there is more than one link.
bool is_chain(const Chain& chain) {
  const bool has_trained = !chain.trainings.empty() || !chain.baseline.empty();
  return chain.search != nullptr ? has_trained || !chain.maps.empty()
                                 : !chain.trainings.empty() && !chain.maps.empty();
}

}  // namespace

std::optional<Chain> find_chain(const std::vector<RunContents>& runs) {
  const RunList searches = of_kind(runs, RunKind::kSearch);
  const RunList trainings = of_kind(runs, RunKind::kEvaluation);
  if (searches.size() > 1) {
    return std::nullopt;
  }
  Chain chain;
  chain.search = searches.empty() ? nullptr : searches.front();
  chain.genotype = common_genotype(chain.search, trainings);
  for (const auto* run : trainings) {
    if (chain.genotype && genotype_of(*run) == chain.genotype) {
      chain.trainings.push_back(run);
    } else if (is_named_random(*run)) {
      chain.baseline.push_back(run);
    } else {
      return std::nullopt;  // a genotype of its own
    }
  }
  RunList owners = searches;
  owners.insert(owners.end(), trainings.begin(), trainings.end());
  for (const auto* run : of_kind(runs, RunKind::kSaliency)) {
    (belong_to(chain, *run, owners) ? chain.maps : chain.other_maps).push_back(run);
  }
  return is_chain(chain) ? std::optional(chain) : std::nullopt;
}

}  // namespace sanas
