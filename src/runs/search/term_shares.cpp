// SPDX-License-Identifier: Apache-2.0
#include "runs/search/term_shares.h"

#include <cmath>

#include "core/format.h"

namespace sanas {

TermShares term_shares(const PerTerm<TensorList>& terms, double gamma) {
  const auto weight = [gamma](Term term) { return is_of_validation1(term) ? gamma : 1.0; };
  TensorList total;
  for (const Term term : kTerms) {
    if (!terms[term].empty()) {
      total =
          total.empty() ? scale(terms[term], weight(term)) : add(total, terms[term], weight(term));
    }
  }
  const double length = norm(total);
  TermShares shares;
  for (const Term term : kTerms) {
    shares.share[term] = length == 0.0 ? 0.0 : weight(term) * norm(terms[term]) / length;
  }
  return shares;
}

void append(JsonRecord& record, const TermShares& shares) {
  for (const Term term : kTerms) {
    if (std::isfinite(shares.share[term])) {
      record.emplace_back("share_" + symbol(term), shares.share[term]);
    }
  }
}

std::string share_text(const TermShares& shares) {
  return format("%.3g %% of the hypergradient lead through it", 100.0 * shares.through_delta());
}

std::string dead_path_warning(const TermShares& shares) {
  constexpr double kLittle = 0.01;
  if (!(shares.through_delta() < kLittle)) {  // also where it is not a number
    return "";
  }
  return format(
      "warning: the path through saliency is dead: its terms are %.3g %% of the hypergradient, so "
      "that the architecture does not follow it; saliency: alive has a path that carries",
      100.0 * shares.through_delta());
}

}  // namespace sanas
