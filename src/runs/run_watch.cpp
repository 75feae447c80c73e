// SPDX-License-Identifier: Apache-2.0
#include "runs/run_watch.h"

namespace sanas {
namespace {

using Scalars = std::vector<std::pair<std::string, double>>;

void add_level(Scalars& scalars, const std::string& name, const std::optional<LevelReport>& level) {
  if (level) {
    scalars.emplace_back("loss/" + name, level->loss);
    scalars.emplace_back("accuracy/" + name, level->top1);
    scalars.emplace_back("gradient_norm/" + name, level->gradient_norm);
    scalars.emplace_back("seconds/" + name, level->seconds);
  }
}

void add_architecture(Scalars& scalars, const ArchitectureReport& report, bool sanas) {
  scalars.emplace_back("loss/validation1", report.validation1_loss);
  scalars.emplace_back("hypergradient/total", report.total_norm);
  const auto add_terms = [&](bool of_validation1) {
    for (const Term term : kTerms) {
      if (is_of_validation1(term) == of_validation1) {
        scalars.emplace_back("hypergradient/" + symbol(term), report.terms[term].norm);
      }
    }
  };
  add_terms(true);
  scalars.emplace_back("seconds/architecture", report.seconds);
  if (sanas) {
    scalars.emplace_back("loss/attack", report.attack_loss);
    scalars.emplace_back("loss/validation2", report.validation2_loss);
    add_terms(false);
  }
}

/// Those of a meter; of one without images there are none.
void add_means(Scalars& scalars, const std::string& name, const ClassificationMeter& meter,
               bool top5 = false) {
  if (meter.count() == 0) {
    return;
  }
  scalars.emplace_back(name + "_loss", meter.loss());
  scalars.emplace_back(name + "_top1", meter.top1());
  if (top5) {
    scalars.emplace_back(name + "_top5", meter.top5());
  }
}

/// An epoch's values stand at its last mini-batch. Those of an epoch that is not over stand one
/// further, where they are dropped when a resumed run begins there and reports the epoch again.
template <typename Report>
int64_t step_of_epoch(const Report& report) {
  return report.partial ? report.counts.step : report.counts.step - 1;
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

RunWatch::RunWatch(const RunFolder& folder, const Config& config, const Dataset& shown,
                   const torch::Device& device, int64_t first_step)
    : folder(folder), events(folder.path(), first_step), probe(shown, config, device) {}

void RunWatch::draw_heat_maps(int64_t step, torch::nn::Module& network,
                              const Classifier& classifier) {
  if (const auto sheet = probe.draw(network, classifier)) {
    events.add_image(step, "saliency", *sheet);
    folder.write_text("heat_maps.png", sheet->png);
  }
}

int64_t steps_before(const Config& config, const SearchStage& stage, int64_t steps_per_epoch) {
  return stage.index * config.search.epochs * steps_per_epoch;
}

SearchWatcher::SearchWatcher(SearchLoop& loop, const SearchStage& stage, const Config& config,
                             JsonLinesFile& metrics, RunWatch& watch)
    : loop_(loop),
      stage_(stage),
      metrics_(metrics),
      watch_(watch),
      first_step_(steps_before(config, stage, loop.steps_per_epoch())) {}

void SearchWatcher::on_step(const StepReport& report) {
  if (!report.reported) {
    return;
  }
  Scalars scalars{{"learning_rate/weights", report.learning_rate}};
  add_level(scalars, "weights1", report.weights1);
  add_level(scalars, "weights2", report.weights2);
  if (report.architecture) {
    add_architecture(scalars, *report.architecture, loop_.networks().net2 != nullptr);
  }
  watch_.events.add_scalars(first_step_ + report.step, scalars);
  watch_.events.flush();
}

void SearchWatcher::on_epoch(const EpochReport& report) {
  Supernet& net = *loop_.networks().net1;
  metrics_.write({{"phase", std::string("operation_weights")},
                  {"stage", stage_.index},
                  {"epoch", report.epoch},
                  {"step", report.counts.step},
                  {"normal", operation_weights(net, false)},
                  {"reduce", operation_weights(net, true)}});

  const int64_t step = first_step_ + step_of_epoch(report);
  Scalars scalars{{"architecture/entropy", report.entropy},
                  {"architecture/margin", report.margin},
                  {"architecture/change", report.architecture_change},
                  {"epoch/seconds", report.seconds}};
  add_means(scalars, "epoch/train1", report.train1);
  add_means(scalars, "epoch/train2", report.train2);
  if (report.validation) {
    add_means(scalars, "epoch/validation1", *report.validation);
  }
  if (report.eigenvalue) {
    scalars.emplace_back("architecture/eigenvalue", *report.eigenvalue);
  }
  watch_.events.add_scalars(step, scalars);
  for (const auto& [name, values] : net.architecture().named_tensors()) {
    watch_.events.add_histogram(step, name, values);
  }
  watch_.draw_heat_maps(step, net,
                        [&net, normalization = loop_.normalization()](const torch::Tensor& pixels) {
                          return net.forward(normalization(pixels));
                        });
  watch_.events.flush();
}

TrainWatcher::TrainWatcher(EvaluationLoop& loop, const PixelNormalization& normalization,
                           RunWatch& watch)
    : loop_(loop), normalization_(normalization), watch_(watch) {}

void TrainWatcher::on_step(const TrainStepReport& report) {
  if (report.reported && report.seconds > 0.0) {
    watch_.events.add_scalars(report.step, {{"loss/train", report.loss},
                                            {"accuracy/train", report.top1},
                                            {"learning_rate/weights", report.learning_rate},
                                            {"drop_path/probability", report.drop_path},
                                            {"gradient_norm/weights", report.gradient_norm},
                                            {"seconds/weights", report.seconds}});
    watch_.events.flush();
  }
}

void TrainWatcher::on_epoch(const TrainEpochReport& report) {
  const int64_t step = step_of_epoch(report);
  Scalars scalars{{"epoch/seconds", report.seconds}};
  add_means(scalars, "epoch/train", report.train, /*top5=*/true);
  if (report.validation) {
    add_means(scalars, "epoch/validation", report.validation->meter(), /*top5=*/true);
  }
  if (report.test) {
    add_means(scalars, "epoch/test", report.test->meter(), /*top5=*/true);
  }
  watch_.events.add_scalars(step, scalars);
  watch_.draw_heat_maps(step, loop_.network(), [this](const torch::Tensor& pixels) {
    return loop_.network().forward(normalization_(pixels)).logits;
  });
  watch_.events.flush();
}

}  // namespace sanas
