// SPDX-License-Identifier: Apache-2.0
#include "sanas/config/config.h"

namespace sanas {

SearchOptions search_options(const Config& config) {
  SearchOptions options = config.search;
  options.method = config.method == Method::kSanas ? SearchMethod::kSanas : SearchMethod::kPlain;
  options.seed = config.seed;
  options.attack = attack_of(config.search);
  return options;
}

EvaluationOptions evaluation_options(const Config& config) {
  EvaluationOptions options = config.evaluation;
  options.seed = config.seed;
  options.on_nonfinite = config.search.on_nonfinite;
  return options;
}

}  // namespace sanas
