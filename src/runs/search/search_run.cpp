// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/search_run.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "checkpoint/search_checkpoint.h"
#include "genotype/progressive_derivation.h"
#include "runs/computing_line.h"
#include "runs/genotype_files.h"
#include "runs/kept_files.h"
#include "runs/run_recorder.h"
#include "runs/run_session.h"
#include "runs/search/level_costs.h"
#include "runs/search/saliency_probe.h"
#include "runs/search/search_recorder.h"
#include "runs/search/search_records.h"
#include "sanas/core/error.h"
#include "sanas/core/phase_display.h"
#include "sanas/setup/networks.h"
#include "sanas/setup/search_setup.h"
#include "setup/configured_device.h"

namespace sanas {
namespace {

/// What a search works with and where it writes.
struct SearchRun {
  SearchSetup& setup;
  RunSession& session;
  RunWatch& watch;
  const SaliencyProbe& saliency;
};

/// Where a search stands.
struct Position {
  SearchStage stage;
  SearchNetworks networks;
  /// Mini-batches of the stage before it.
  int64_t step = 0;
  /// The state to go on with; nothing where the stage begins.
  std::optional<LoadedCheckpoint> checkpoint = std::nullopt;
  /// How often the search went back.
  int64_t rollbacks = 0;
};

/// What became of a stage.
struct StageOutcome {
  bool ended = false;     // false: an observer stopped it
  bool is_finite = true;  // what the network computed for the validation images
  Genotype genotype;
  /// Forward-backward passes of the last architecture step.
  int64_t passes = 0;
};

/// What the search network is worth at the end.
class LastValidation : public SearchObserver {
 public:
  void on_epoch(const EpochReport& report) override {
    if (report.validation && report.validation->count() > 0) {
      is_finite_ = std::isfinite(report.validation->loss());
    }
  }
  bool is_finite() const { return is_finite_; }

 private:
  bool is_finite_ = true;
};

/// All stages have the same number of mini-batches, those that are over, too.
void check_same_limit(const Config& now, const SavedState& saved, const SearchStage& stage) {
  const int64_t before = saved.info.config.search.max_steps;
  if (stage.index > 0 && before != now.search.max_steps) {
    throw ConfigError(saved.checkpoint.source +
                      ": search.max_steps can't change any more, it is the same for all"
                      " stages; expected " +
                      std::to_string(before));
  }
}

/// The state of a checkpoint, which is of some stage.
Position position_of(SavedState saved, const SearchSetup& setup, const RunSession& session) {
  LoadedCheckpoint& checkpoint = saved.checkpoint;
  const SearchStage stage = read_stage(session.config(), checkpoint.tensors, checkpoint.source);
  check_same_limit(session.config(), saved, stage);
  session.log().info("Resuming after mini-batch " + std::to_string(saved.info.step) +
                     of_stage(stage.index, setup.stages()));
  return {stage, setup.networks(stage), saved.info.step, std::move(checkpoint)};
}

/// What early stopping chose instead of the last genotype.
void keep_early_genotype(SearchLoop& loop, const RunSession& session) {
  const auto& back = loop.early_stopping().stopped_at();
  if (back && loop.options().eigenvalue.stop) {
    session.log().info(
        "Stopped early: the eigenvalue grew too much; back to the genotype of epoch " +
        std::to_string(back->epoch + 1) + ": " + back->genotype);
    save_genotype(session.folder(), loop.genotype());
  }
}

/// Runs a stage to its end or until it is stopped, and writes down what it does.
StageOutcome run_loop(SearchLoop& loop, const SearchStage& stage, SearchRun& run) {
  auto& [setup, session, watch, saliency] = run;
  SearchRecorder recorder(loop, stage, setup, session, watch, saliency);
  LevelCosts costs;
  LastValidation validation;
  loop.add_observer(recorder);
  loop.add_observer(costs);
  loop.add_observer(session.report());
  loop.add_observer(validation);
  recorder.begin();
  const bool ended = loop.run();
  recorder.end();
  if (ended) {
    keep_early_genotype(loop, session);
  }
  recorder.save_checkpoint();
  for (const auto& line : costs.lines()) {
    session.log().info(line);
  }
  return {ended, validation.is_finite(), loop.genotype(), costs.architecture_passes()};
}

/// Puts the stage back to its last checkpoint, or to its beginning, after an error.
void go_back(Position& at, const NonFiniteError& error, const SearchLoop& loop, SearchRun& run) {
  RunSession& session = run.session;
  RollbackPoint back =
      session.roll_back(error, {at.stage.index, loop.step(), loop.counts().rollbacks});
  at.step = back.next_step;
  at.rollbacks = loop.counts().rollbacks + 1;
  at.checkpoint = std::move(back.checkpoint);
  const auto is_of_stage = [&](const LoadedCheckpoint& checkpoint) {
    return read_stage(session.config(), checkpoint.tensors, checkpoint.source).index ==
           at.stage.index;
  };
  if (at.checkpoint && !is_of_stage(*at.checkpoint)) {
    at.checkpoint.reset();
    session.checkpoints().forget_best();  // it was read with the checkpoint
  }
  at.networks = run.setup.networks(at.stage);
}

/// Searches the stage from where it stands; goes back and on where something is not finite.
StageOutcome search_stage(Position& at, SearchRun& run) {
  report_composed(*at.networks.net1, run.setup.device(), run.session.config().kernels,
                  run.session.log());
  while (true) {
    const SearchData data = run.setup.data(at.stage, *at.networks.net1, at.step);
    SearchLoop loop(at.networks, data, run.setup.options(at.stage), run.setup.device());
    if (at.checkpoint) {
      load_search_checkpoint(at.checkpoint->tensors, at.checkpoint->source, loop);
      at.checkpoint.reset();
    }
    loop.skip_to(at.step, std::max(at.rollbacks, loop.counts().rollbacks));
    try {
      return run_loop(loop, at.stage, run);
    } catch (const NonFiniteError& error) {
      go_back(at, error, loop, run);
    }
  }
}

void check_finite_end(const StageOutcome& outcome) {
  if (outcome.ended && !outcome.is_finite) {
    throw NonFiniteError(
        "the search network's outputs for the validation images are not finite, so that its "
        "genotype means nothing; start anew with a lower search.weights.learning_rate");
  }
}

/// P-DARTS: the genotypes under every limit on skip connections, of which the product is one.
void report_skip_limits(const SearchStage& stage, const Supernet& net, RunSession& session) {
  if (session.config().supernet.family != "pdarts") {
    return;
  }
  for (const auto& limited :
       derive_pdarts(stage.space, net.edge_weights(false), net.edge_weights(true))) {
    const std::string text = to_string(limited.genotype);
    session.log().info("at most " + std::to_string(limited.max_skips) + " skip connections" +
                       (limited.reached ? "" : " (not reached: the weakest has weight 0)") + ": " +
                       text);
    session.metrics().write({{"phase", "skip_limit"},
                             {"max_skips", static_cast<int64_t>(limited.max_skips)},
                             {"reached", limited.reached},
                             {"genotype", text}});
  }
  session.metrics().sync();
}

/// Searches stage after stage, each in the space that the one before left.
SearchSummary search_stages(Position at, SearchRun run) {
  while (true) {
    const StageOutcome outcome = search_stage(at, run);
    check_finite_end(outcome);
    if (!outcome.ended) {
      return {RunOutcome::kStopped, outcome.genotype, outcome.passes, {}};
    }
    const auto next = run.setup.next_stage(at.stage, *at.networks.net1);
    if (!next) {
      report_skip_limits(at.stage, *at.networks.net1, run.session);
      return {RunOutcome::kFinished, outcome.genotype, outcome.passes,
              network_size_for(run.session.config(), outcome.genotype, run.setup.dataset().info())};
    }
    run.session.checkpoints().forget_best();  // networks of different stages are not compared
    at = {*next, run.setup.networks(*next), 0, std::nullopt, at.rollbacks};
  }
}

SearchSummary search(const Config& given, const RunOptions& options, Log& log) {
  const Config config = with_kept_files(given, options);
  PhaseDisplay phases(progress_options(options.quiet, log));
  SearchSetup setup(config, configured_device(config), log, phases);
  const SaliencyProbe saliency(setup, config, log);
  Position at{setup.first_stage(), setup.networks(setup.first_stage())};

  RunSession session(SessionKind::kSearch, config, options, log);
  log.info(computing_line(setup.device(), config.search.precision, "updates of weights",
                          config.kernels));
  setup.report(log);
  if (auto saved = session.resume([&] { return setup.images(); }, setup.steps())) {
    at = position_of(std::move(*saved), setup, session);
  }
  const int64_t first_step = setup.steps_before(at.stage) + at.step;
  session.start(setup.device(), first_step);
  return session.run([&] {
    RunWatch watch{EventFile(session.folder().path(), first_step),
                   HeatMapProbe(setup.dataset(), config, setup.device())};
    return search_stages(std::move(at), {setup, session, watch, saliency});
  });
}

}  // namespace

SearchSummary run_search(const Config& config, const RunOptions& options, Log& log) {
  try {
    return search(config, options, log);
  } catch (const Interrupted&) {
    return {.outcome = RunOutcome::kStopped};  // while the data set was read: nothing is begun
  }
}

}  // namespace sanas
