// SPDX-License-Identifier: Apache-2.0
#include "runs/search/search_recorder.h"

#include <algorithm>

#include "checkpoint/search_checkpoint.h"
#include "checkpoint/training_checkpoint.h"
#include "core/format.h"
#include "core/time_text.h"
#include "runs/genotype_files.h"
#include "runs/meter_record.h"
#include "sanas/core/device.h"
#include "sanas/nn/network_size.h"
#include "sanas/setup/networks.h"

namespace sanas {
namespace {

/// Updates of W1 after which their time is known.
constexpr int64_t kMeasuredUpdates = 3;
/// Of a forward-backward pass with its update: a third at most, a sixth was measured on a CPU.
constexpr double kForwardShare = 0.25;

void append_level(JsonRecord& record, const std::string& name,
                  const std::optional<LevelReport>& level) {
  if (level) {
    record.emplace_back(name + "_loss", level->loss);
    record.emplace_back(name + "_top1", level->top1);
    record.emplace_back(name + "_gradient_norm", level->gradient_norm);
    record.emplace_back(name + "_passes", level->passes);
    record.emplace_back(name + "_seconds", level->seconds);
    record.emplace_back(name + "_peak_memory_bytes", level->peak_memory_bytes);
  }
}

void append_architecture(JsonRecord& record, const ArchitectureReport& report, bool sanas) {
  record.emplace_back("validation1_loss", report.validation1_loss);
  record.emplace_back("hypergradient_norm", report.total_norm);
  const auto append_terms = [&](bool of_validation1) {
    for (const Term term : kTerms) {
      if (is_of_validation1(term) == of_validation1) {
        record.emplace_back("norm_" + symbol(term), report.terms[term].norm);
        record.emplace_back("cosine_" + symbol(term), report.terms[term].cosine);
      }
    }
  };
  append_terms(true);
  if (sanas) {
    record.emplace_back("validation2_loss", report.validation2_loss);
    record.emplace_back("attack_loss", report.attack_loss);
    append_terms(false);
  }
  record.emplace_back("architecture_passes", report.passes);
  record.emplace_back("architecture_seconds", report.seconds);
  record.emplace_back("architecture_peak_memory_bytes", report.peak_memory_bytes);
}

}  // namespace

SearchRecorder::SearchRecorder(SearchLoop& loop, const SearchStage& stage, const Config& config,
                               const DatasetInfo& info, const RunFolder& folder,
                               CheckpointStore& checkpoints, JsonLinesFile& metrics,
                               ProgressDisplay& progress, Log& log)
    : loop_(loop),
      stage_(stage),
      config_(config),
      info_(info),
      folder_(folder),
      checkpoints_(checkpoints),
      schedule_(config.checkpoint),
      metrics_(metrics),
      progress_(progress),
      phases_(progress.options()),
      log_(log),
      resume_position_(metrics.position()),
      gaps_(loop.counts().skipped_updates, loop.counts().skipped_images) {}

void SearchRecorder::on_step(const StepReport& report) {
  const auto add = [](Cost& cost, const auto& update) {
    cost.seconds += update.seconds;
    cost.peak_memory_bytes = std::max(cost.peak_memory_bytes, update.peak_memory_bytes);
    cost.updates += 1;
    cost.passes += update.passes;
  };
  if (report.weights1) {
    add(weights1_, *report.weights1);
  }
  if (report.weights2) {
    add(weights2_, *report.weights2);
  }
  if (report.architecture) {
    add(architecture_, *report.architecture);
    architecture_passes_ = report.architecture->passes;
  }
  if (report.reported) {
    JsonRecord record{{"phase", std::string("search")},
                      {"stage", stage_.index},
                      {"epoch", report.epoch},
                      {"step", report.step},
                      {"learning_rate", report.learning_rate}};
    append_level(record, "train1", report.weights1);
    append_level(record, "train2", report.weights2);
    if (report.architecture) {
      append_architecture(record, *report.architecture, config_.method == Method::kSanas);
    }
    metrics_.write(record);
  }
  resume_position_ = metrics_.position();
  progress_.update(report.step + 1,
                   report.weights1 ? format("epoch %lld  loss %.3f  top-1 %.1f %%",
                                            static_cast<long long>(report.epoch + 1),
                                            report.weights1->loss, 100.0 * report.weights1->top1)
                                   : std::string());
  announce_validation(report);
  if (schedule_.take_due(report.step + 1)) {
    save_checkpoint();
  }
}

void SearchRecorder::on_phase(const PhaseReport& report) {
  progress_.hide();
  phases_.on_phase(report);
}

/// A search that is cut short to try something ends with a validation that may take much longer
/// than all of its mini-batches: says so once these tell how fast this machine is.
void SearchRecorder::announce_validation(const StepReport& report) {
  const SearchOptions& options = loop_.options();
  const int64_t left = options.max_steps - report.step - 1;
  if (!report.weights1 || report.batch_size == 0 || is_validation_announced_ ||
      options.max_steps >= options.epochs * report.steps_in_epoch || options.max_steps == 0 ||
      loop_.validation_images() == 0) {
    return;
  }
  const double pass = report.weights1->seconds / static_cast<double>(report.weights1->passes);
  fastest_pass_ = std::min(fastest_pass_, pass / static_cast<double>(report.batch_size));
  if (weights1_.updates < kMeasuredUpdates && left > 0) {
    return;
  }
  is_validation_announced_ = true;
  const double seconds =
      kForwardShare * fastest_pass_ * static_cast<double>(loop_.validation_images());
  log_.info(
      format("search.max_steps ends this search at mini-batch %lld; validation on %lld images "
             "follows and will take about %s: --set search.validate_every=0 leaves it out",
             static_cast<long long>(options.max_steps),
             static_cast<long long>(loop_.validation_images()), duration_text(seconds).c_str()));
}

void SearchRecorder::on_epoch(const EpochReport& report) {
  const auto size = measure_network(report.genotype, network_options_for(config_, info_),
                                    batch_image_size(config_.dataset.augment, info_.height));
  JsonRecord record{{"phase", std::string("search_epoch")},
                    {"stage", stage_.index},
                    {"epoch", report.epoch},
                    {"step", report.counts.step},
                    {"learning_rate", report.learning_rate}};
  append_means(record, "train1", report.train1);
  append_means(record, "train2", report.train2);
  if (report.validation) {
    append_means(record, "validation1", *report.validation);
    record.emplace_back("validation_images", report.validation->count());
    record.emplace_back("validation_skipped_images", report.validation_skipped_images);
  }
  if (report.eigenvalue) {
    record.emplace_back("eigenvalue", *report.eigenvalue);
  }
  record.emplace_back("genotype", to_string(report.genotype));
  record.emplace_back("skips_normal", static_cast<int64_t>(count_skips(report.genotype.normal)));
  record.emplace_back("skips_reduce", static_cast<int64_t>(count_skips(report.genotype.reduce)));
  record.emplace_back("margin", report.margin);
  record.emplace_back("architecture_change", report.architecture_change);
  record.emplace_back("entropy", report.entropy);
  record.emplace_back("parameters", size.parameters);
  record.emplace_back("macs", size.macs);
  record.emplace_back("skipped_updates", report.counts.skipped_updates);
  record.emplace_back("rollbacks", report.counts.rollbacks);
  record.emplace_back("skipped_images", report.counts.skipped_images);
  record.emplace_back("peak_memory_bytes",
                      peak_memory_bytes(loop_.networks().architecture()->tensors()[0].device()));
  record.emplace_back("seconds", report.seconds);
  metrics_.write(record);
  if (!report.partial) {
    resume_position_ = metrics_.position();
  }
  save_genotype(folder_, report.genotype);
  const bool is_scored = report.validation && !report.partial;
  save_checkpoint(is_scored ? std::optional(report.validation->top1()) : std::nullopt);
  gaps_.report(report.counts.skipped_updates, report.counts.skipped_images, log_);
  const std::string validation =
      report.validation
          ? ", validation " + meter_text(*report.validation) +
                skipped_text(report.validation->count(), report.validation_skipped_images)
          : "";
  log_.info(format("epoch %lld/%lld: training %s%s, %d skips, margin %.2e, %.1f s",
                   static_cast<long long>(report.epoch + 1), static_cast<long long>(report.epochs),
                   meter_text(report.train1).c_str(), validation.c_str(),
                   count_skips(report.genotype.normal), report.margin, report.seconds));
  log_.info("genotype = " + to_string(report.genotype));
}

bool SearchRecorder::wants_stop() const { return phases_.wants_stop(); }

void SearchRecorder::save_checkpoint(std::optional<double> score) {
  metrics_.sync();
  const auto step = format("step-%08lld", static_cast<long long>(loop_.step()));
  const auto stage = format("stage-%lld-", static_cast<long long>(stage_.index));
  checkpoints_.save(search_checkpoint(loop_, stage_, config_, info_, resume_position_),
                    stage_count(config_.supernet) > 1 ? stage + step : step, score);
  schedule_.restart();
}

std::vector<std::string> SearchRecorder::cost_report() const {
  std::vector<std::string> lines;
  const auto line = [&](const char* name, const Cost& cost) {
    if (cost.updates > 0) {
      const auto updates = static_cast<double>(cost.updates);
      lines.push_back(format(
          "%-14s %lld updates, %.1f passes and %.2f s each, %.1f s in all, memory up to %.2f GiB",
          name, static_cast<long long>(cost.updates), static_cast<double>(cost.passes) / updates,
          cost.seconds / updates, cost.seconds,
          static_cast<double>(cost.peak_memory_bytes) / (1U << 30U)));
    }
  };
  line("weights 1", weights1_);
  line("weights 2", weights2_);
  line("architecture", architecture_);
  return lines;
}

}  // namespace sanas
