// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/core/phase_display.h"
#include "sanas/data/loader.h"
#include "sanas/runs/test_report.h"
#include "sanas/setup/evaluation_data.h"
#include "train/saliency_input.h"

namespace sanas {

/// Trained networks as functions; the second one is there for Inference::kTwoNetworks.
struct Predictors {
  ImageFunction first;
  ImageFunction second;
};

/// How the configured ways of predicting re-weight an image.
SaliencyInputOptions saliency_options(const Config& config);

/// Tests every way of predicting up to the configured one, and measures the latency where that is
/// configured. Throws Interrupted once `phases` wants to stop; DataError where no image can be
/// decoded, NonFiniteError where the outputs mean nothing.
TestReport test_networks(const Config& config, const Predictors& predictors, DataLoader& images,
                         const DatasetInfo& info, const torch::Device& device,
                         PhaseDisplay& phases);

}  // namespace sanas
