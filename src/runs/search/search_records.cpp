// SPDX-License-Identifier: Apache-2.0
#include "runs/search/search_records.h"

#include "core/format.h"
#include "runs/meter_record.h"

namespace sanas {
namespace {

void append_level(JsonRecord& record, const std::string& name,
                  const std::optional<LevelReport>& level) {
  if (level) {
    record.emplace_back(name + "_loss", level->loss);
    record.emplace_back(name + "_top1", level->top1);
    record.emplace_back(name + "_gradient_norm", level->gradient_norm);
    record.emplace_back(name + "_passes", level->passes);
    record.emplace_back(name + "_seconds", level->seconds);
    record.emplace_back(name + "_peak_memory_bytes", level->peak_memory_bytes);
    if (level->unmoved_images) {
      record.emplace_back(name + "_unmoved_images", *level->unmoved_images);
    }
  }
}

void append_terms(JsonRecord& record, const PerTerm<TermReport>& terms, bool of_validation1) {
  for (const Term term : kTerms) {
    if (is_of_validation1(term) == of_validation1) {
      record.emplace_back("norm_" + symbol(term), terms[term].norm);
      record.emplace_back("cosine_" + symbol(term), terms[term].cosine);
    }
  }
}

void append_architecture(JsonRecord& record, const ArchitectureReport& report,
                         SearchMethod method) {
  record.emplace_back("validation1_loss", report.validation1_loss);
  record.emplace_back("hypergradient_norm", report.total_norm);
  append_terms(record, report.terms, /*of_validation1=*/true);
  if (method == SearchMethod::kSanas) {
    record.emplace_back("validation2_loss", report.validation2_loss);
    record.emplace_back("attack_loss", report.attack_loss);
    append_terms(record, report.terms, /*of_validation1=*/false);
  }
  record.emplace_back("architecture_passes", report.passes);
  record.emplace_back("architecture_seconds", report.seconds);
  record.emplace_back("architecture_peak_memory_bytes", report.peak_memory_bytes);
}

/// The weights of each edge's candidates by name, in the order of the space.
NumberGroups operation_weights(const Supernet& net, bool reduction) {
  const auto weights = net.edge_weights(reduction).to(torch::kFloat64).contiguous();
  const auto& candidates = net.space().cell(reduction);
  NumberGroups groups;
  for (int64_t edge = 0; edge < weights.size(0); ++edge) {
    auto& group = groups.emplace_back();
    for (int64_t k = 0; k < weights.size(1); ++k) {
      group.emplace_back(to_string(candidates[static_cast<size_t>(edge)][static_cast<size_t>(k)]),
                         weights[edge][k].item<double>());
    }
  }
  return groups;
}

}  // namespace

JsonRecord to_record(const StepReport& report, int64_t stage, SearchMethod method) {
  JsonRecord record{{"phase", "search"},
                    {"stage", stage},
                    {"epoch", report.epoch},
                    {"step", report.step},
                    {"learning_rate", report.learning_rate}};
  append_level(record, "train1", report.weights1);
  append_level(record, "train2", report.weights2);
  if (report.architecture) {
    append_architecture(record, *report.architecture, method);
  }
  return record;
}

JsonRecord to_record(const EpochReport& report, int64_t stage, const NetworkSize& size,
                     int64_t peak_memory_bytes) {
  JsonRecord record{{"phase", "search_epoch"},
                    {"stage", stage},
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
  record.emplace_back("peak_memory_bytes", peak_memory_bytes);
  record.emplace_back("seconds", report.seconds);
  return record;
}

JsonRecord operation_weights_record(const EpochReport& report, int64_t stage, const Supernet& net) {
  return {{"phase", "operation_weights"},
          {"stage", stage},
          {"epoch", report.epoch},
          {"step", report.counts.step},
          {"normal", operation_weights(net, false)},
          {"reduce", operation_weights(net, true)}};
}

std::string of_stage(int64_t stage, int64_t stages) {
  return stages == 1 ? ""
                     : " of stage " + std::to_string(stage + 1) + " of " + std::to_string(stages);
}

std::string progress_text(const StepReport& report) {
  if (!report.weights1) {
    return "";
  }
  return format("epoch %lld  loss %.3f  top-1 %.1f %%", static_cast<long long>(report.epoch + 1),
                report.weights1->loss, 100.0 * report.weights1->top1);
}

std::string level_text(SearchLevel level) {
  switch (level) {
    case SearchLevel::kWeights1:
      return "W1  ";
    case SearchLevel::kWeights2:
      return "δ/W2";
    case SearchLevel::kArchitecture:
      return "A   ";
  }
  return "";
}

std::string log_text(const EpochReport& report, int64_t parameters, const std::string& changes) {
  const std::string validation =
      report.validation
          ? ", validation " + meter_text(*report.validation) +
                skipped_text(report.validation->count(), report.validation_skipped_images)
          : "";
  return format(
             "epoch %lld/%lld: training %s%s, %d normal and %d reduction skips, %.3f M parameters, "
             "margin %.2e, %.1f s",
             static_cast<long long>(report.epoch + 1), static_cast<long long>(report.epochs),
             meter_text(report.train1).c_str(), validation.c_str(),
             count_skips(report.genotype.normal), count_skips(report.genotype.reduce),
             static_cast<double>(parameters) / 1e6, report.margin, report.seconds) +
         (changes.empty() ? "" : "; " + changes);
}

}  // namespace sanas
