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

TEST(SaliencyProbe, HasALineAndTwoWarnings) {
  SaliencyQuality quality = test::complete_saliency();
  EXPECT_EQ(saliency_text(quality),
            "saliency: two seeds agree by 0.12, 75 % of the pixels saturated, average precision "
            "0.375, pointing game 0.625, 112 % of the hypergradient lead through it");
  EXPECT_THAT(saliency_warnings(quality), ElementsAre(HasSubstr("75 %")));
  quality.shares->share[Term::kDeltaDirect] = 1e-4;
  quality.shares->share[Term::kDeltaWeights1] = 7e-5;
  EXPECT_THAT(saliency_warnings(quality),
              ElementsAre(HasSubstr("saturated"), AllOf(HasSubstr("dead"), HasSubstr("0.017 %"))));
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
  ArchitectureReport report;
  report.total_norm = 4.0;
  for (const Term term : kTerms) {
    report.terms[term].norm = 1.0;
  }
  const TermShares shares = term_shares(report, /*gamma=*/0.5);
  EXPECT_DOUBLE_EQ(shares.share[Term::kDirect1], 0.125);
  EXPECT_DOUBLE_EQ(shares.share[Term::kWeights1], 0.125);
  EXPECT_DOUBLE_EQ(shares.share[Term::kWeights2], 0.25);
  EXPECT_DOUBLE_EQ(shares.through_delta(), 0.5);
  report.total_norm = 0.0;
  EXPECT_DOUBLE_EQ(term_shares(report, 1.0).through_delta(), 0.0);
}

}  // namespace
}  // namespace sanas
