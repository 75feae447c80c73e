// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "runs/run_recorder.h"
#include "runs/run_session.h"
#include "runs/search/genotype_history.h"
#include "runs/search/saliency_probe.h"
#include "runs/search/validation_forecast.h"
#include "sanas/nn/network_size.h"
#include "sanas/search/search_loop.h"
#include "sanas/setup/search_setup.h"
#include "sanas/supernet/search_stage.h"

namespace sanas {

/// Writes down what a stage of a search does: its records and pictures, the genotype of each epoch
/// with the drawings of its cells, and checkpoints when they are due and after each epoch.
class SearchRecorder : public SearchObserver {
 public:
  /// All have to outlive the recorder.
  SearchRecorder(SearchLoop& loop, const SearchStage& stage, const SearchSetup& setup,
                 RunSession& session, RunWatch& watch, const SaliencyProbe& saliency);

  /// Before the first mini-batch, and after the last one.
  void begin() { run_.begin(); }
  void end() { run_.end(); }

  void on_level(SearchLevel level) override;
  void on_step(const StepReport& report) override;
  void on_epoch(const EpochReport& report) override;
  void on_phase(const PhaseReport& report) override { run_.on_phase(report); }
  bool wants_stop() const override { return run_.wants_stop(); }

  /// Writes checkpoints/last.safetensors, and best.safetensors if no score was higher.
  /// @param score accuracy on the validation half, where it was measured.
  void save_checkpoint(std::optional<double> score = {});

 private:
  void write_records(const EpochReport& report, const NetworkSize& size,
                     const std::optional<SaliencyQuality>& saliency);
  void tell_of_saliency(const SaliencyQuality& saliency);

  SearchLoop& loop_;
  const SearchStage& stage_;
  const SearchSetup& setup_;
  RunSession& session_;
  RunRecorder run_;
  GenotypeHistory history_;
  ValidationForecast forecast_;
  const SaliencyProbe& saliency_;
  std::set<SaliencyTrouble> told_;
};

}  // namespace sanas
