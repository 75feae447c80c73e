// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sanas/core/log.h"
#include "sanas/data/dataset.h"
#include "sanas/io/config.h"
#include "sanas/io/event_file.h"
#include "sanas/io/heat_map_probe.h"
#include "sanas/io/live_report.h"
#include "sanas/io/metrics_log.h"
#include "sanas/io/run_folder.h"
#include "sanas/io/search_stage.h"
#include "sanas/search/search_loop.h"
#include "sanas/train/evaluation_loop.h"

namespace sanas {

/// What a run shows of itself besides its records: events for TensorBoard, heat maps of a few
/// images, and the report. Making one writes the line of this start into sessions.jsonl.
struct RunWatch {
  /// @param program e.g. "sanas_search". @param shown where the images of the heat maps come from.
  /// @param first_step what this start of the program does first, over all stages.
  /// `folder` and `log` have to outlive the watch. Throws FileError.
  RunWatch(const RunFolder& folder, const std::string& program, const Config& config,
           const Dataset& shown, const torch::Device& device, int64_t first_step, Log& log);

  /// Draws the heat maps of a network as they are now: heat_maps.png, and an image of the events.
  void draw_heat_maps(int64_t step, torch::nn::Module& network, const Classifier& classifier);

  const RunFolder& folder;
  EventFile events;
  HeatMapProbe probe;
  /// Belongs behind the observer that writes metrics.jsonl.
  LiveReport report;
};

/// Mini-batches of all stages before that one: where its steps begin in the events.
int64_t steps_before(const Config& config, const SearchStage& stage, int64_t steps_per_epoch);

/// Writes the events of a search, its heat maps, and per epoch the operation weights of every edge
/// into metrics.jsonl. Belongs before the recorder, so that a checkpoint counts those lines.
class SearchWatcher : public SearchObserver {
 public:
  /// All have to outlive the watcher.
  SearchWatcher(SearchLoop& loop, const SearchStage& stage, const Config& config,
                MetricsLog& metrics, RunWatch& watch);

  void on_step(const StepReport& report) override;
  void on_epoch(const EpochReport& report) override;

 private:
  SearchLoop& loop_;
  const SearchStage& stage_;
  MetricsLog& metrics_;
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
