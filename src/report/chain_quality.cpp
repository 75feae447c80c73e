// SPDX-License-Identifier: Apache-2.0
#include "report/chain_quality.h"

#include <algorithm>

#include "report/baseline_chart.h"
#include "report/configuration_difference.h"
#include "report/html.h"
#include "report/sections.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

std::string missing_parts(const Chain& chain) {
  std::string html;
  if (chain.trainings.empty()) {
    html +=
        "<p>No training of this network was given; <code>sanas_eval --genotype "
        "SEARCH/genotype.txt …</code> makes one.</p>\n";
  }
  if (chain.baseline.empty()) {
    html +=
        "<p>No trainings of random genotypes to compare with were given; <code>sanas_eval "
        "--random-genotypes 3 …</code> makes them.</p>\n";
  }
  return html;
}

/// A comparison is fair where nothing but the genotype differs.
std::string how_the_random_were_trained(const Chain& chain) {
  constexpr size_t kMostKeys = 12;
  if (chain.trainings.empty() || chain.baseline.empty()) {
    return "";
  }
  const RunContents& found = *chain.trainings.front();
  std::vector<ConfigurationEntries> configurations{configuration_of(found)};
  for (const auto* run : chain.baseline) {
    configurations.push_back(configuration_of(*run));
  }
  if (std::any_of(configurations.begin(), configurations.end(),
                  [](const auto& entries) { return entries.empty(); })) {
    return "<p>Whether they were trained in the same way can't be read.</p>\n";
  }
  std::vector<std::string> keys;
  for (const auto& key : differing_keys(configurations)) {
    keys.push_back("<code>" + escape_html(key) + "</code>");
  }
  if (keys.empty()) {
    return "<p>All of them were trained in the same way.</p>\n";
  }
  const size_t more = keys.size() - std::min(keys.size(), kMostKeys);
  keys.resize(keys.size() - more);
  return "<p>They were not trained in the same way: they differ from " + escape_html(found.name) +
         " or from each other in " + join(keys) +
         (more == 0 ? "" : " and " + std::to_string(more) + " more keys") + ".</p>\n";
}

std::string scores(const Chain& chain) {
  const auto all = scores_of(chain);
  return baseline_chart(all) + scores_in_words(all) + how_the_random_were_trained(chain) +
         scores_table(all);
}

}  // namespace

PagePart how_good_it_is(const Chain& chain) {
  std::vector<PagePart> parts{{"quality-scores", "Accuracy on the test images", scores(chain)}};
  for (const auto* run : chain.trainings) {
    parts.push_back({"quality-test-" + std::to_string(parts.size()),
                     "Test of " + escape_html(run->name), test_section(*run)});
  }
  const std::string facts = chain.trainings.size() == 1 ? overview(*chain.trainings.front()) : "";
  return {"quality", "How good it is", missing_parts(chain) + facts + to_html(parts)};
}

}  // namespace sanas
