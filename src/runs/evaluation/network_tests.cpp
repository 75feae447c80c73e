// SPDX-License-Identifier: Apache-2.0
#include "runs/evaluation/network_tests.h"

#include <cmath>

#include "checkpoint/training_checkpoint.h"
#include "sanas/core/error.h"
#include "sanas/formats/safetensors.h"
#include "sanas/nn/cost.h"
#include "sanas/runs/evaluation_run.h"
#include "setup/configured_device.h"
#include "setup/inference_batches.h"

namespace sanas {
namespace {

/// The first image of a loader that can be decoded: 1×3×H×W.
torch::Tensor first_image(DataLoader& images) {
  images.start_epoch(0);
  while (const auto batch = images.next()) {
    if (batch->size() > 0) {
      return batch->images.narrow(0, 0, 1);
    }
  }
  images.throw_nothing_left();
}

/// An accuracy that means nothing is none.
void check_result(const InferenceResult& result) {
  const ClassificationMeter& meter = result.report.meter();
  if (meter.count() == 0) {
    throw DataError("no image is left to test on: none could be decoded");
  }
  if (!std::isfinite(meter.loss())) {
    throw NonFiniteError("the network's outputs for the tested images are not finite (" +
                         to_string(result.inference) + "): its accuracy means nothing");
  }
}

/// A trained network as a function; throws FileError if it is of another data set.
ImageFunction load_predictor(const Config& config, const std::filesystem::path& checkpoint,
                             const torch::Device& device, TrainedNetwork& trained) {
  trained = load_trained_network(read_safetensors(checkpoint), checkpoint.string(), device);
  if (trained.info.dataset != config.dataset.source.name) {
    throw FileError(checkpoint.string() + ": trained on '" + trained.info.dataset +
                    "', but dataset.name is '" + config.dataset.source.name + "'");
  }
  return predictor(*trained.network, trained.info.normalization);
}

}  // namespace

SaliencyInputOptions saliency_options(const Config& config) {
  SaliencyInputOptions options;
  options.attack = attack_of(config.search);
  options.attack.space = AttackSpace::kPixels;
  options.reweighting = config.search.reweighting;
  options.normalization = config.search.weight_normalization;
  options.seed = config.seed;
  return options;
}

TestReport test_networks(const Config& config, const Predictors& predictors, DataLoader& images,
                         const DatasetInfo& info, const torch::Device& device,
                         PhaseDisplay& phases) {
  const ImageFunction first = stoppable(predictors.first, phases);
  const ImageFunction second = stoppable(predictors.second, phases);
  TestReport report;
  report.classes = info.classes;
  report.selection = config.evaluation.selection;
  const auto add = [&](Inference inference, const ImageFunction& predict) {
    InferenceResult result{inference,
                           test_classifier(predict, images,
                                           {info.num_classes(), device, config.seed,
                                            "test (" + to_string(inference) + ")"},
                                           phases),
                           {}};
    if (config.evaluation.latency_runs > 0) {
      const auto image = first_image(images).to(device);
      result.latency = measure_latency(predict, image, config.evaluation.latency_runs, phases);
    }
    check_result(result);
    report.results.push_back(std::move(result));
  };
  add(Inference::kPlain, first);
  if (config.evaluation.inference == Inference::kPlain) {
    return report;
  }
  const auto reweighted = saliency_input(first, saliency_options(config));
  add(Inference::kReweighted, [&](const torch::Tensor& x) { return first(reweighted(x)); });
  if (config.evaluation.inference == Inference::kTwoNetworks) {
    add(Inference::kTwoNetworks, [&](const torch::Tensor& x) { return second(reweighted(x)); });
  }
  return report;
}

TestReport run_test(const Config& config, const std::filesystem::path& checkpoint,
                    const std::filesystem::path& second, const std::optional<Genotype>& genotype,
                    Log& log) {
  const auto device = configured_device(config);
  TrainedNetwork first_network;
  TrainedNetwork second_network;
  Predictors predictors{load_predictor(config, checkpoint, device, first_network), {}};
  if (genotype && !(*genotype == first_network.network->genotype())) {
    throw FileError(checkpoint.string() +
                    ": of another genotype than --genotype: " + first_network.info.genotype);
  }
  if (config.evaluation.inference == Inference::kTwoNetworks) {
    predictors.second = load_predictor(config, second, device, second_network);
  }
  PhaseDisplay phases(progress_options(log.quiet(), log));
  TestImageSet images(config, device, log, nullptr, phases);
  images.report(log);
  images.loader().set_batch_size(test_batch_size(config, *first_network.network, images.info()));
  TestReport report =
      test_networks(config, predictors, images.loader(), images.info(), device, phases);
  report.selection = first_network.info.config.evaluation.selection;
  report.parameters = count_parameters(*first_network.network);
  return report;
}

}  // namespace sanas
