// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/reports.h"

namespace sanas {

ArchitectureReport summarize(const Hypergradient& hypergradient) {
  ArchitectureReport report;
  report.validation1_loss = hypergradient.validation1_loss;
  report.validation2_loss = hypergradient.validation2_loss;
  report.attack_loss = hypergradient.attack_loss;
  report.passes = hypergradient.passes;
  report.total_norm = norm(hypergradient.total);
  const auto fill = [&](const TensorList& term, double& length, double& cosine) {
    if (term.empty()) {
      return;
    }
    length = norm(term);
    const double scale = length * report.total_norm;
    cosine = scale > 0.0 ? dot(term, hypergradient.total) / scale : 0.0;
  };
  fill(hypergradient.direct1, report.direct1_norm, report.direct1_cosine);
  fill(hypergradient.direct2, report.direct2_norm, report.direct2_cosine);
  fill(hypergradient.through_weights1, report.weights1_norm, report.weights1_cosine);
  fill(hypergradient.through_weights2, report.weights2_norm, report.weights2_cosine);
  fill(hypergradient.through_delta, report.delta_direct_norm, report.delta_direct_cosine);
  fill(hypergradient.through_delta_weights1, report.delta_weights1_norm,
       report.delta_weights1_cosine);
  return report;
}

}  // namespace sanas
