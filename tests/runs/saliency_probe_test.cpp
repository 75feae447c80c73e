// SPDX-License-Identifier: Apache-2.0
#include "runs/search/saliency_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runs/complete_records.h"

namespace sanas {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

TEST(SaliencyProbe, HasALineAndTwoWarnings) {
  SaliencyQuality quality = test::complete_saliency();
  EXPECT_EQ(saliency_text(quality),
            "saliency: two seeds agree by 0.12, 75 % of the pixels saturated, average precision "
            "0.375, pointing game 0.625, 112 % of the hypergradient lead through it");
  const auto saturated = Pair(SaliencyTrouble::kSaturated, HasSubstr("75 %"));
  EXPECT_THAT(saliency_warnings(quality), ElementsAre(saturated));
  quality.shares->share[Term::kDeltaDirect] = 1e-4;
  quality.shares->share[Term::kDeltaWeights1] = 7e-5;
  EXPECT_THAT(saliency_warnings(quality),
              ElementsAre(saturated, Pair(SaliencyTrouble::kDeadPath,
                                          AllOf(HasSubstr("dead"), HasSubstr("0.017 %")))));
  quality.follows_delta = false;  // before the attack's first epoch, or with its terms off
  EXPECT_THAT(saliency_warnings(quality), ElementsAre(saturated));
  quality.follows_delta = true;
  quality.shares->share[Term::kDeltaDirect] = std::nan("");
  EXPECT_THAT(saliency_warnings(quality), ElementsAre(saturated));
  quality.saturated = 0.01;
  quality.shares.reset();
  quality.average_precision.reset();
  EXPECT_THAT(saliency_warnings(quality), IsEmpty());
  EXPECT_THAT(saliency_text(quality), AllOf(Not(HasSubstr("precision")), HasSubstr("1 %")));
}

TEST(SaliencyProbe, WhatIsNotDefinedIsNotRecorded) {
  SaliencyQuality quality = test::complete_saliency();
  quality.seed_agreement = std::nan("");
  quality.shares->share[Term::kWeights1] = std::nan("");
  JsonRecord record;
  append(record, quality);
  for (const auto& [key, value] : record) {
    EXPECT_NE(key, "saliency_seed_agreement");
    EXPECT_NE(key, "share_I1");
  }
  EXPECT_EQ(record.size(), 4U + 5U);
}

TEST(TermShares, AreNormsBesideTheTotalWithGamma) {
  PerTerm<TensorList> terms;
  int64_t axis = 0;
  for (const Term term : kTerms) {  // each along an axis of its own
    terms[term] = {torch::eye(8)[axis++] * 2.0};
  }
  terms[Term::kDirect2] = {};  // not there
  const TermShares shares = term_shares(terms, /*gamma=*/0.5);
  const double total = std::sqrt(3 * 4.0 + 2 * 1.0);
  EXPECT_NEAR(shares.share[Term::kDirect1], 1.0 / total, 1e-6);
  EXPECT_NEAR(shares.share[Term::kWeights1], 1.0 / total, 1e-6);
  EXPECT_NEAR(shares.share[Term::kWeights2], 2.0 / total, 1e-6);
  EXPECT_NEAR(shares.through_delta(), 4.0 / total, 1e-6);
  EXPECT_EQ(shares.share[Term::kDirect2], 0.0);
  for (const Term term : kTerms) {
    terms[term] = {torch::zeros({8})};
  }
  EXPECT_EQ(term_shares(terms, 1.0).through_delta(), 0.0);
}

TEST(SaliencyProbe, MapsThatDoNotVaryAreSaidToBeSo) {
  SaliencyQuality quality = test::complete_saliency();
  quality.seed_agreement = std::nan("");
  EXPECT_THAT(saliency_text(quality), AllOf(HasSubstr("same at all"), Not(HasSubstr("nan"))));
}

}  // namespace
}  // namespace sanas
