// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/terms.h"

namespace sanas {

std::string to_string(Term term) {
  switch (term) {
    case Term::kDirect1:
      return "direct1";
    case Term::kDirect2:
      return "direct2";
    case Term::kWeights1:
      return "weights1";
    case Term::kWeights2:
      return "weights2";
    case Term::kDeltaDirect:
      return "delta_direct";
    case Term::kDeltaWeights1:
      return "delta_weights1";
  }
  return {};
}

std::string symbol(Term term) {
  switch (term) {
    case Term::kDirect1:
      return "d1";
    case Term::kDirect2:
      return "d2";
    case Term::kWeights1:
      return "I1";
    case Term::kWeights2:
      return "I2";
    case Term::kDeltaDirect:
      return "I3";
    case Term::kDeltaWeights1:
      return "I4";
  }
  return {};
}

}  // namespace sanas
