// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/json_lines.h"
#include "runs/heat_map_probe.h"
#include "runs/run_folder.h"
#include "sanas/config/config.h"
#include "sanas/data/dataset.h"
#include "sanas/formats/event_file.h"
#include "sanas/search/search_loop.h"
#include "sanas/supernet/search_stage.h"
#include "sanas/train/evaluation_loop.h"

namespace sanas {

/// What a run shows of itself besides its records: events for TensorBoard and heat maps of a few
/// images.
struct RunWatch {
  /// @param shown where the images of the heat maps come from.
  /// @param first_step what this start of the program does first, over all stages.
  /// `folder` has to outlive the watch. Throws FileError.
  RunWatch(const RunFolder& folder, const Config& config, const Dataset& shown,
           const torch::Device& device, int64_t first_step);

  /// Draws the heat maps of a network as they are now: heat_maps.png, and an image of the events.
  void draw_heat_maps(int64_t step, torch::nn::Module& network, const Classifier& classifier);

  const RunFolder& folder;
  EventFile events;
  HeatMapProbe probe;
};

/// Mini-batches of all stages before that one: where its steps begin in the events.
int64_t steps_before(const Config& config, const SearchStage& stage, int64_t steps_per_epoch);

/// Writes the events of a search, its heat maps, and per epoch the operation weights of every edge
/// into metrics.jsonl. Belongs before the recorder, so that a checkpoint counts those lines.
class SearchWatcher : public SearchObserver {
 public:
  /// All have to outlive the watcher.
  SearchWatcher(SearchLoop& loop, const SearchStage& stage, const Config& config,
                JsonLinesFile& metrics, RunWatch& watch);

  void on_step(const StepReport& report) override;
  void on_epoch(const EpochReport& report) override;

 private:
  SearchLoop& loop_;
  const SearchStage& stage_;
  JsonLinesFile& metrics_;
  RunWatch& watch_;
  int64_t first_step_;
};

/// The same for the training of a discrete network.
class TrainWatcher : public TrainObserver {
 public:
  TrainWatcher(EvaluationLoop& loop, const PixelNormalization& normalization, RunWatch& watch);

  void on_step(const TrainStepReport& report) override;
  void on_epoch(const TrainEpochReport& report) override;

 private:
  EvaluationLoop& loop_;
  PixelNormalization normalization_;
  RunWatch& watch_;
};

}  // namespace sanas
