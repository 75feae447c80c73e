// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/options.h"

namespace sanas {

std::string to_string(SearchMethod method) {
  return method == SearchMethod::kSanas ? "sanas" : "plain";
}

std::string to_string(HypergradientOrder order) {
  return order == HypergradientOrder::kFirst ? "first" : "second";
}

std::string to_string(SecondOrderApproximation approximation) {
  switch (approximation) {
    case SecondOrderApproximation::kFiniteDifference:
      return "finite_difference";
    case SecondOrderApproximation::kCentral4:
      return "central_4";
    case SecondOrderApproximation::kExact:
      return "exact";
  }
  return {};
}

std::string to_string(ImplicitDerivative implicit) {
  return implicit == ImplicitDerivative::kUnrolled ? "unrolled" : "identity";
}

std::string to_string(Stage3Reduction reduction) {
  return reduction == Stage3Reduction::kMean ? "mean" : "sum";
}

}  // namespace sanas
