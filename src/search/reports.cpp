// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/reports.h"

#include <cmath>
#include <vector>

namespace sanas {

ArchitectureReport summarize(const Hypergradient& hypergradient) {
  ArchitectureReport report;
  report.validation1_loss = hypergradient.validation1_loss;
  report.validation2_loss = hypergradient.validation2_loss;
  report.attack_loss = hypergradient.attack_loss;
  report.passes = hypergradient.passes;
  struct Entry {
    const TensorList& term;
    double* length;
    double* cosine;
  };
  double total_cosine = 0.0;
  TensorList rows;
  std::vector<Entry> entries;
  for (const Entry& entry :
       {Entry{hypergradient.total, &report.total_norm, &total_cosine},
        Entry{hypergradient.direct1, &report.direct1_norm, &report.direct1_cosine},
        Entry{hypergradient.direct2, &report.direct2_norm, &report.direct2_cosine},
        Entry{hypergradient.through_weights1, &report.weights1_norm, &report.weights1_cosine},
        Entry{hypergradient.through_weights2, &report.weights2_norm, &report.weights2_cosine},
        Entry{hypergradient.through_delta, &report.delta_direct_norm, &report.delta_direct_cosine},
        Entry{hypergradient.through_delta_weights1, &report.delta_weights1_norm,
              &report.delta_weights1_cosine}}) {
    if (!entry.term.empty()) {
      rows.push_back(flatten(detach(entry.term)).to(torch::kDouble));
      entries.push_back(entry);
    }
  }
  const auto terms = torch::stack(rows);
  const auto products = to_host({terms.square().sum(1), (terms * terms[0]).sum(1)});
  for (size_t i = 0; i < entries.size(); ++i) {
    *entries[i].length = std::sqrt(products[i]);
    const double scale = *entries[i].length * report.total_norm;
    *entries[i].cosine = scale > 0.0 ? products[entries.size() + i] / scale : 0.0;
  }
  return report;
}

}  // namespace sanas
