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
  TensorList rows{flatten(detach(hypergradient.total)).to(torch::kDouble)};
  std::vector<TermReport*> reports;
  for (const Term term : kTerms) {
    if (!hypergradient.terms[term].empty()) {
      rows.push_back(flatten(detach(hypergradient.terms[term])).to(torch::kDouble));
      reports.push_back(&report.terms[term]);
    }
  }
  const auto vectors = torch::stack(rows);
  const auto products = to_host({vectors.square().sum(1), (vectors * vectors[0]).sum(1)});
  report.total_norm = std::sqrt(products[0]);
  for (size_t i = 0; i < reports.size(); ++i) {
    reports[i]->norm = std::sqrt(products[1 + i]);
    const double scale = reports[i]->norm * report.total_norm;
    reports[i]->cosine = scale > 0.0 ? products[rows.size() + 1 + i] / scale : 0.0;
  }
  return report;
}

}  // namespace sanas
