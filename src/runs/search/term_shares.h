// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "formats/json_lines.h"
#include "sanas/core/parameters.h"
#include "sanas/search/terms.h"

namespace sanas {

/// How much of a hypergradient each of its terms is: ‖term‖ / ‖total‖, with γ and without what a
/// family's regularisation adds to it. Terms point in different directions, so shares may add up to
/// more than 1.
struct TermShares {
  PerTerm<double> share{0.0};

  /// Of the two terms that lead through δ.
  double through_delta() const { return share[Term::kDeltaDirect] + share[Term::kDeltaWeights1]; }
};

TermShares term_shares(const PerTerm<TensorList>& terms, double gamma);

/// For metrics.jsonl: share_d1 and so on.
void append(JsonRecord& record, const TermShares& shares);

/// For the log: a sentence without an end.
std::string share_text(const TermShares& shares);

/// A warning where a search hardly follows its saliency; otherwise, or where that can't be told,
/// nothing.
std::string dead_path_warning(const TermShares& shares);

}  // namespace sanas
