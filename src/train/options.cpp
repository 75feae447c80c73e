// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/options.h"

namespace sanas {

std::string to_string(TestImages images) {
  switch (images) {
    case TestImages::kTest:
      return "test";
    case TestImages::kHoldout:
      return "holdout";
    case TestImages::kValidation:
      return "validation";
  }
  return {};
}

std::string to_string(Selection selection) {
  switch (selection) {
    case Selection::kLast:
      return "last";
    case Selection::kValidation:
      return "validation";
    case Selection::kTest:
      return "test";
  }
  return {};
}

std::string to_string(Inference inference) {
  switch (inference) {
    case Inference::kPlain:
      return "plain";
    case Inference::kReweighted:
      return "reweighted";
    case Inference::kTwoNetworks:
      return "two_networks";
  }
  return {};
}

}  // namespace sanas
