// SPDX-License-Identifier: Apache-2.0
// sanas_saliency: heat maps of what a network looks at.
#include "common/options.h"
#include "common/program.h"
#include "sanas/core/log.h"
#include "sanas/io/saliency_run.h"
#include "sanas/saliency/heat_map.h"

namespace {

using namespace sanas;

const std::map<std::string, AttackLoss> kLosses{
    {"soft", AttackLoss::kSoft}, {"label", AttackLoss::kLabel}, {"pseudo", AttackLoss::kPseudo}};
const std::map<std::string, ColorReduction> kReductions{
    {"max", ColorReduction::kMax}, {"mean", ColorReduction::kMean}, {"l2", ColorReduction::kL2}};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Draws saliency maps of images under a trained network", "sanas_saliency");
  SaliencyOptions options;
  app.add_option("--checkpoint", options.checkpoint, "checkpoint of a training or a search")
      ->required();
  app.add_option("--images", options.images, "FILE, FOLDER, or DATASET[:train|:test]")->required();
  app.add_option("--count", options.count, "at most that many images; 0: all")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--output,--out", options.output, "folder to write to")->required();
  app.add_option("--data", options.data, "folder of the data set's files");
  app.add_option("--device", options.device, "auto, cpu, cuda or cuda:N");
  app.add_option("--threads", options.threads, "CPU threads; 0: OMP_NUM_THREADS, or one per core")
      ->check(CLI::Range(0, 1024));
  app.add_option("--seed", options.seed, "seed of the attack's start");
  app.add_option("--steps", options.steps,
                 "attack steps; 0: one step proportional to the gradient (not saturated)")
      ->check(CLI::Range(0, 1000));
  app.add_option("--loss", options.loss, "what the attack maximises: soft, label or pseudo")
      ->transform(CLI::CheckedTransformer(kLosses));
  app.add_option("--reduction", options.reduction, "over colours: max, mean or l2")
      ->transform(CLI::CheckedTransformer(kReductions));
  app.add_option("--color-map", options.color_map,
                 "colour map of the heat maps, e.g. jet, viridis");
  app.add_option("--strength", options.strength, "share of the heat map in the overlay")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--low-percentile", options.low_percentile, "shown as coldest")
      ->check(CLI::Range(0.0, 49.0));
  app.add_option("--high-percentile", options.high_percentile, "shown as warmest")
      ->check(CLI::Range(51.0, 100.0));
  app.add_flag("--quiet", options.quiet, "no progress and no information on the terminal");
  app.set_version_flag("--version", "sanas_saliency " SANAS_VERSION, "print the version and exit");
  return run_program(app, argc, argv, [&] {
    Log log(options.quiet);
    run_saliency(options, log);
    return static_cast<int>(kExitDone);
  });
}
