// SPDX-License-Identifier: Apache-2.0
#include "runs/search/search_recorder.h"

#include "checkpoint/search_checkpoint.h"
#include "core/format.h"
#include "report/run_files.h"
#include "runs/genotype_files.h"
#include "runs/search/search_records.h"
#include "sanas/core/device.h"
#include "sanas/setup/networks.h"

namespace sanas {

SearchRecorder::SearchRecorder(SearchLoop& loop, const SearchStage& stage, const SearchSetup& setup,
                               RunSession& session, RunWatch& watch, const SaliencyProbe& saliency)
    : loop_(loop),
      stage_(stage),
      setup_(setup),
      session_(session),
      run_(session, watch,
           {"search" + of_stage(stage.index, setup.stages()), setup.steps(),
            setup.steps_before(stage), loop.counts(), /*seconds_per_step=*/true}),
      history_(session.folder().path(run_files::kMetrics), stage.index),
      forecast_(loop.options(), loop.validation_images()),
      saliency_(saliency) {}

void SearchRecorder::on_level(SearchLevel level) { run_.show_work(level_text(level)); }

void SearchRecorder::on_step(const StepReport& report) {
  if (report.reported) {
    run_.write(to_record(report, stage_.index, loop_.options().method), report.step);
  }
  run_.end_step(report.step + 1, progress_text(report));
  if (const std::string notice = forecast_.after(report); !notice.empty()) {
    session_.log().info(notice);
  }
  if (session_.save_is_due(report.step + 1)) {
    save_checkpoint();
  }
}

void SearchRecorder::on_epoch(const EpochReport& report) {
  std::optional<SaliencyQuality> saliency;
  if (saliency_.is_due(report.epoch)) {
    saliency = saliency_.measure(loop_, report.epoch);
  }
  const NetworkSize size =
      network_size_for(session_.config(), report.genotype, setup_.dataset().info());
  write_records(report, size, saliency);
  if (!report.partial) {
    session_.settle_records();
  }
  save_genotype(session_.folder(), report.genotype);
  const bool is_scored = report.validation && !report.partial;
  save_checkpoint(is_scored ? std::optional(report.validation->top1()) : std::nullopt);
  run_.warn_of_gaps(report.counts);
  session_.log().info(
      log_text(report, size.parameters, history_.changes(report.epoch, report.genotype)));
  history_.add(report.epoch, report.genotype);
  if (saliency) {
    tell_of_saliency(*saliency);
  }
  session_.log().info("genotype = " + to_string(report.genotype));
}

/// A line for each epoch, and each kind of warning once.
void SearchRecorder::tell_of_saliency(const SaliencyQuality& saliency) {
  session_.log().info(saliency_text(saliency));
  for (const auto& [trouble, warning] : saliency_warnings(saliency)) {
    if (told_.insert(trouble).second) {
      session_.log().warn(warning);
    }
  }
}

/// The heat maps are drawn first, so that the record's peak of the memory has them in it.
void SearchRecorder::write_records(const EpochReport& report, const NetworkSize& size,
                                   const std::optional<SaliencyQuality>& saliency) {
  Supernet& net = *loop_.networks().net1;
  const auto heat_maps = run_.draw_heat_maps(
      net, [&net, normalization = loop_.normalization()](const torch::Tensor& pixels) {
        return net.forward(normalization(pixels));
      });
  const int64_t step = last_step(report);
  run_.write(operation_weights_record(report, stage_.index, net), step);
  JsonRecord record = to_record(report, stage_.index, size, peak_memory_bytes(setup_.device()));
  if (saliency) {
    append(record, *saliency);
  }
  run_.write(record, step);
  for (const auto& [name, values] : net.architecture().named_tensors()) {
    run_.write_histogram(step, name, values);
  }
  run_.write_heat_maps(step, heat_maps);
}

void SearchRecorder::save_checkpoint(std::optional<double> score) {
  const auto stage = format("stage-%lld-", static_cast<long long>(stage_.index));
  const auto step = format("step-%08lld", static_cast<long long>(loop_.step()));
  session_.save(search_checkpoint(loop_, stage_, session_.config(), setup_.dataset().info(),
                                  session_.settled_records()),
                setup_.stages() > 1 ? stage + step : step, score);
}

}  // namespace sanas
