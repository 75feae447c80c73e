// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/terms.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "sanas/search/reports.h"

namespace sanas {
namespace {

TEST(Terms, AreNamedAsInTheConfigurationAndInTheFormula) {
  std::string names;
  for (const Term term : kTerms) {
    names += to_string(term) + "=" + symbol(term) + " ";
  }
  EXPECT_EQ(names,
            "direct1=d1 direct2=d2 weights1=I1 weights2=I2 delta_direct=I3 delta_weights1=I4 ");
}

TEST(Terms, OfTheValidationLossOfW1AreD1AndI1) {
  std::string weighted;
  for (const Term term : kTerms) {
    weighted += is_of_validation1(term) ? symbol(term) : "";
  }
  EXPECT_EQ(weighted, "d1I1");
}

TEST(PerTerm, HoldsAValueOfEach) {
  PerTerm<int> values(7);
  values[Term::kDeltaWeights1] = 3;
  for (const Term term : kTerms) {
    EXPECT_EQ(values[term], term == Term::kDeltaWeights1 ? 3 : 7) << symbol(term);
  }
  EXPECT_NE(values, PerTerm<int>(7));
  EXPECT_EQ(PerTerm<int>()[Term::kDirect1], 0);
}

// (3, 4) beside (1, 0), and so on: by hand. A term without tensors and a zero one have no angle.
TEST(Summary, HasNormsAndCosinesOfTheTerms) {
  const auto tensors = [](double x, double y) {
    return TensorList{torch::tensor({x}, torch::kDouble), torch::tensor({y}, torch::kDouble)};
  };
  Hypergradient h;
  h.total = tensors(3.0, 4.0);
  h.terms[Term::kDirect1] = tensors(1.0, 0.0);
  h.terms[Term::kDirect2] = tensors(0.0, -2.0);
  h.terms[Term::kWeights1] = tensors(0.0, 0.0);
  h.terms[Term::kDeltaWeights1] = tensors(4.0, -3.0);
  h.validation2_loss = 0.5;
  h.passes = 17;
  const ArchitectureReport report = summarize(h);
  EXPECT_DOUBLE_EQ(report.total_norm, 5.0);
  EXPECT_DOUBLE_EQ(report.terms[Term::kDirect1].norm, 1.0);
  EXPECT_DOUBLE_EQ(report.terms[Term::kDirect1].cosine, 0.6);
  EXPECT_DOUBLE_EQ(report.terms[Term::kDirect2].norm, 2.0);
  EXPECT_DOUBLE_EQ(report.terms[Term::kDirect2].cosine, -0.8);
  EXPECT_EQ(report.terms[Term::kWeights1].norm, 0.0);
  EXPECT_EQ(report.terms[Term::kWeights1].cosine, 0.0);
  EXPECT_EQ(report.terms[Term::kWeights2].norm, 0.0);
  EXPECT_DOUBLE_EQ(report.terms[Term::kDeltaWeights1].norm, 5.0);
  EXPECT_EQ(report.terms[Term::kDeltaWeights1].cosine, 0.0);
  EXPECT_EQ(report.validation2_loss, 0.5);
  EXPECT_EQ(report.passes, 17);
}

}  // namespace
}  // namespace sanas
