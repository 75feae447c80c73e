// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "sanas/core/error.h"
#include "sanas/core/log.h"
#include "sanas/core/text.h"
#include "sanas/io/config_number.h"
#include "sanas/io/saliency_run.h"
#include "sanas/saliency/heat_map.h"
#include "sanas_saliency/verbs.h"

namespace sanas {
namespace {

const std::map<std::string, AttackLoss> kLosses{
    {"soft", AttackLoss::kSoft}, {"label", AttackLoss::kLabel}, {"pseudo", AttackLoss::kPseudo}};
const std::map<std::string, AttackNorm> kNorms{{"linf", AttackNorm::kLinf},
                                               {"l2", AttackNorm::kL2}};
const std::map<std::string, ColorReduction> kReductions{
    {"max", ColorReduction::kMax}, {"mean", ColorReduction::kMean}, {"l2", ColorReduction::kL2}};
const std::map<std::string, SaliencyTarget> kTargets{{"predicted", SaliencyTarget::kPredicted},
                                                     {"true", SaliencyTarget::kTrue}};
const std::map<std::string, PathBaseline> kBaselines{{"black", PathBaseline::kBlack},
                                                     {"mean", PathBaseline::kMean}};
const std::map<std::string, torch::ScalarType> kTypes{{"float32", torch::kFloat32},
                                                      {"float64", torch::kFloat64}};

std::map<std::string, SaliencyMethod> methods() {
  std::map<std::string, SaliencyMethod> named;
  for (const auto method :
       {SaliencyMethod::kPgd, SaliencyMethod::kGradient, SaliencyMethod::kSmoothGrad,
        SaliencyMethod::kIntegratedGradients, SaliencyMethod::kGradCam}) {
    named.emplace(to_string(method), method);
  }
  return named;
}

/// The command line, and what of it needs a second look.
struct Command {
  SaliencyOptions options;
  SaliencyMetricsOptions metrics;
  std::vector<std::string> methods{to_string(SaliencyMethod::kPgd)};
  bool measure = false;
  uint64_t memory_limit = uint64_t{2} << 30U;
};

/// A length such as 8/255.
void add_length(CLI::App& app, const std::string& name, std::optional<double>& target,
                const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [&target, name](const std::string& text) {
           const auto value = parse_number(text);
           if (!value || *value <= 0.0) {
             throw CLI::ValidationError(name,
                                        "'" + text + "': expected a number above 0, e.g. 8/255");
           }
           target = value;
         },
         help)
      ->type_name("NUMBER");
}

void add_input(CLI::App& app, SaliencyOptions& options) {
  app.add_option("--checkpoint", options.checkpoints,
                 "checkpoint of a training or a search; repeatable, a column each")
      ->type_name("[NAME=]FILE")
      ->allow_extra_args(false);
  app.add_option("--images", options.images, "FILE, FOLDER, or DATASET[:train|:test]");
  app.add_option("--count", options.count, "at most that many images; 0: all")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--output,--out", options.output, "folder to write to");
  app.add_option("--data", options.data, "folder of the data set's files");
}

void add_machine(CLI::App& app, Command& command) {
  auto& options = command.options;
  app.add_option("--device", options.device, "auto, cpu, cuda or cuda:N");
  app.add_option("--threads", options.threads, "CPU threads; 0: OMP_NUM_THREADS, or one per core")
      ->check(CLI::Range(0, 1024));
  app.add_option("--seed", options.seed, "seed of random starts and noise");
  app.add_option("--dtype", options.type, "float32 or float64")
      ->transform(CLI::CheckedTransformer(kTypes))
      ->default_str("float32");
  app.add_option("--memory-limit", command.memory_limit,
                 "what a batch may take, about, e.g. 500MB or 2GB; changes no result")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->default_str("2GB");
  app.add_flag("--quiet", options.quiet, "no progress and no information on the terminal");
}

void add_methods(CLI::App& app, Command& command) {
  auto& options = command.options;
  app.add_option("--method", command.methods,
                 "pgd, gradient, smoothgrad, integrated_gradients or gradcam; repeatable")
      ->check(CLI::IsMember(methods()))
      ->allow_extra_args(false)
      ->default_str("pgd");
  app.add_option("--target", options.target,
                 "class whose logit is explained: predicted or true (pgd: see --loss)")
      ->transform(CLI::CheckedTransformer(kTargets))
      ->default_str("predicted");
  app.add_option("--steps", options.attack.steps,
                 "pgd: steps; 0: one step proportional to the gradient (not saturated)")
      ->check(CLI::Range(0, 1000));
  app.add_option("--loss", options.attack.loss, "pgd: what is maximised: soft, label or pseudo")
      ->transform(CLI::CheckedTransformer(kLosses));
  app.add_option("--norm", options.attack.norm, "pgd: linf or l2 (not saturated)")
      ->transform(CLI::CheckedTransformer(kNorms));
  add_length(app, "--epsilon", options.attack.epsilon, "pgd: radius, of pixels in [0, 1]");
  add_length(app, "--step-size", options.attack.step_size, "pgd: length of a step");
  app.add_option("--starts", options.starts, "pgd: random starts that a map is the mean over")
      ->check(CLI::Range(1, 10000))
      ->default_str("1");
  app.add_option("--samples", options.smoothgrad.samples, "smoothgrad: noisy copies")
      ->check(CLI::Range(1, 100000))
      ->default_str("25");
  app.add_option("--noise", options.smoothgrad.noise,
                 "smoothgrad: deviation of the noise, as a share of the image's range")
      ->check(CLI::Range(0.0, 10.0))
      ->default_str("0.15");
  app.add_option("--path-steps", options.path_steps, "integrated_gradients: points on the path")
      ->check(CLI::Range(1, 100000))
      ->default_str("32");
  app.add_option("--path-baseline", options.path_baseline,
                 "integrated_gradients: black, or the data set's mean")
      ->transform(CLI::CheckedTransformer(kBaselines))
      ->default_str("black");
}

void add_display(CLI::App& app, SaliencyDisplay& display) {
  app.add_option("--reduction", display.reduction, "over colours: max, mean or l2")
      ->transform(CLI::CheckedTransformer(kReductions))
      ->default_str("max");
  app.add_option("--color-map", display.color_map, "colour map of the heat maps")
      ->check(CLI::IsMember(color_map_names()));
  app.add_option("--strength", display.strength, "share of the heat map in the overlay")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--low-percentile", display.low_percentile, "shown as coldest")
      ->check(CLI::Range(0.0, 49.0));
  app.add_option("--high-percentile", display.high_percentile, "shown as warmest")
      ->check(CLI::Range(51.0, 100.0));
}

void add_metrics(CLI::App& app, Command& command) {
  auto& metrics = command.metrics;
  app.add_flag("--metrics", command.measure, "measure the maps: metrics.txt, .csv, .json and .svg");
  app.add_option("--masks", metrics.masks,
                 "folder with NAME.png per image, white where its object is");
  app.add_option("--threshold", metrics.threshold,
                 "of the fixed intersection over union, as a share of a map's range")
      ->check(CLI::Range(0.0, 1.0))
      ->default_str("0.5");
  app.add_option("--curve-steps", metrics.curve_steps, "points of deletion and insertion curves")
      ->check(CLI::Range(1, 1000))
      ->default_str("20");
  app.add_option("--checked", metrics.checked_images,
                 "first images, on which the sanity checks are done; 0: none")
      ->check(CLI::Range(0, 100000))
      ->default_str("32");
  app.add_option("--random-labels", metrics.random_labels,
                 "checkpoint trained on randomised labels, to compare maps with");
  app.add_option("--other-seed", metrics.other_seed,
                 "checkpoint trained from another seed, to compare maps with");
}

void require(const CLI::App& app, const std::string& name) {
  if (app.get_option(name)->count() == 0) {
    throw ConfigError(name + " is required; see sanas_saliency --help");
  }
}

void run(const CLI::App& app, Command& command) {
  for (const char* name : {"--checkpoint", "--images", "--output"}) {
    require(app, name);
  }
  auto& options = command.options;
  options.methods.clear();
  for (const auto& name : command.methods) {
    options.methods.push_back(methods().at(name));
  }
  options.memory_limit = static_cast<int64_t>(command.memory_limit);
  if (command.measure) {
    options.metrics = command.metrics;
  } else {
    for (const char* name : {"--masks", "--random-labels", "--other-seed"}) {
      if (app.get_option(name)->count() > 0) {
        throw ConfigError(std::string(name) + " is for --metrics, which is missing");
      }
    }
  }
  Log log(options.quiet);
  run_saliency(options, log);
}

}  // namespace

void add_maps(CLI::App& app, std::function<void()>& verb) {
  const auto command = std::make_shared<Command>();
  add_input(app, command->options);
  add_methods(app, *command);
  add_display(app, command->options.display);
  add_metrics(app, *command);
  add_machine(app, *command);
  verb = [&app, command] { run(app, *command); };
}

}  // namespace sanas
