// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/agreement.h"

#include <algorithm>
#include <limits>

namespace sanas {
namespace {

/// Σ over ordered pairs of (a − b)², which is 2 n Σ a² − 2 (Σ a)².
double pair_disagreement(const std::vector<double>& values) {
  double sum = 0.0;
  double squares = 0.0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  return 2.0 * static_cast<double>(values.size()) * squares - 2.0 * sum * sum;
}

}  // namespace

double krippendorff_alpha(const std::vector<std::vector<double>>& units) {
  std::vector<double> all;
  double observed = 0.0;
  for (const auto& unit : units) {
    if (unit.size() >= 2) {
      observed += pair_disagreement(unit) / static_cast<double>(unit.size() - 1);
      all.insert(all.end(), unit.begin(), unit.end());
    }
  }
  // The difference of two sums need not be zero where all values are equal.
  if (std::all_of(all.begin(), all.end(), [&](double value) { return value == all.front(); })) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double expected = pair_disagreement(all);
  return 1.0 - static_cast<double>(all.size() - 1) * observed / expected;
}

}  // namespace sanas
