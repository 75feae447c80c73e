// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>

#include "common/options.h"
#include "common/program.h"
#include "sanas/core/error.h"
#include "sanas/core/log.h"
#include "sanas/core/signals.h"
#include "sanas/io/config_number.h"
#include "sanas/io/saliency_run.h"
#include "sanas/saliency/heat_map.h"
#include "sanas_saliency/verbs.h"

namespace sanas {
namespace {

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
  add_path(app, "--images", options.images, "NAME", "FILE, FOLDER, or DATASET[:train|:test]");
  app.add_option("--count", options.count,
                 "at most that many images, drawn over the classes or subfolders; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  add_choice(app, "--on-bad-image", options.on_bad_image,
             {{"skip", BadSample::kSkip}, {"fail", BadSample::kFail}},
             "an image that can't be read: skip names it, makes the maps of the others, and ends "
             "with status 3; fail ends at once");
  add_path(app, "--output,--out", options.output, "DIR", "folder to write to");
  add_path(app, "--data", options.data, "DIR", "folder of the data set's files");
}

void add_machine(CLI::App& app, Command& command) {
  auto& options = command.options;
  app.add_option("--device", options.device, "auto, cpu, cuda or cuda:N");
  app.add_option("--threads", options.threads, "CPU threads; 0: OMP_NUM_THREADS, or one per core")
      ->check(CLI::Range(0, 1024));
  app.add_option("--seed", options.seed, "seed of random starts and noise");
  add_choice(app, "--dtype", options.type,
             {{"float32", torch::kFloat32}, {"float64", torch::kFloat64}}, "float32 or float64");
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
  add_choice(app, "--target", options.target,
             {{"predicted", SaliencyTarget::kPredicted}, {"true", SaliencyTarget::kTrue}},
             "class whose logit is explained: predicted or true (pgd: see --loss)");
  app.add_option("--steps", options.attack.steps,
                 "pgd: steps; 0: one step proportional to the gradient (not saturated)")
      ->check(CLI::Range(0, 1000));
  add_choice(
      app, "--loss", options.attack.loss,
      {{"soft", AttackLoss::kSoft}, {"label", AttackLoss::kLabel}, {"pseudo", AttackLoss::kPseudo}},
      "pgd: what is maximised: soft, label or pseudo");
  add_choice(app, "--norm", options.attack.norm,
             {{"linf", AttackNorm::kLinf}, {"l2", AttackNorm::kL2}},
             "pgd: linf or l2 (not saturated)");
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
  add_choice(app, "--path-baseline", options.path_baseline,
             {{"black", PathBaseline::kBlack}, {"mean", PathBaseline::kMean}},
             "integrated_gradients: black, or the data set's mean");
}

void add_display(CLI::App& app, SaliencyOptions& options) {
  SaliencyDisplay& display = options.display;
  add_choice(
      app, "--reduction", display.reduction,
      {{"max", ColorReduction::kMax}, {"mean", ColorReduction::kMean}, {"l2", ColorReduction::kL2}},
      "over colours: max, mean or l2");
  std::vector<std::pair<std::string, std::string>> color_maps;
  for (const std::string& name : color_map_names()) {
    color_maps.emplace_back(name, name);
  }
  add_choice(app, "--color-map", display.color_map, color_maps,
             "of the heat maps: jet, viridis, magma and others of OpenCV");
  app.add_option("--strength", display.strength, "share of the heat map in the overlay")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--low-percentile", display.low_percentile, "shown as coldest")
      ->check(CLI::Range(0.0, 49.0))
      ->capture_default_str();
  app.add_option("--high-percentile", display.high_percentile, "shown as warmest")
      ->check(CLI::Range(51.0, 100.0))
      ->capture_default_str();
  app.add_flag_callback(
      "--no-pictures", [&options] { options.pictures = false; },
      "only maps.safetensors and predictions.jsonl");
}

void add_metrics(CLI::App& app, Command& command) {
  auto& metrics = command.metrics;
  app.add_flag("--metrics", command.measure, "measure the maps: metrics.txt, .csv, .json and .svg");
  add_path(app, "--masks", metrics.masks, "DIR",
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
  add_path(app, "--random-labels", metrics.random_labels, "FILE",
           "checkpoint trained on randomised labels, to compare maps with");
  add_path(app, "--other-seed", metrics.other_seed, "FILE",
           "checkpoint trained from another seed, to compare maps with");
}

void require(const CLI::App& app, const std::string& name) {
  if (app.get_option(name)->count() == 0) {
    throw ConfigError(name + " is required; see sanas_saliency --help");
  }
}

/// An option that says nothing without something else is a mistake of the one who typed it.
void check_options_apply(const CLI::App& app, const Command& command) {
  struct Condition {
    std::vector<const char*> options;
    bool holds;
    const char* what;
  };
  const auto draws = [&](SaliencyMethod method) {
    const auto& methods = command.options.methods;
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  };
  std::error_code error;
  const bool are_files = std::filesystem::exists(command.options.images, error);
  for (const auto& [options, holds, what] : std::initializer_list<Condition>{
           {{"--steps", "--loss", "--norm", "--epsilon", "--step-size", "--starts"},
            draws(SaliencyMethod::kPgd),
            "--method pgd"},
           {{"--samples", "--noise"}, draws(SaliencyMethod::kSmoothGrad), "--method smoothgrad"},
           {{"--path-steps", "--path-baseline"},
            draws(SaliencyMethod::kIntegratedGradients),
            "--method integrated_gradients"},
           {{"--masks", "--curve-steps", "--checked", "--random-labels", "--other-seed"},
            command.measure,
            "--metrics"},
           {{"--threshold"}, !command.metrics.masks.empty(), "--masks"},
           {{"--data"}, !are_files, "--images with a data set"},
           {{"--color-map", "--strength", "--low-percentile", "--high-percentile"},
            command.options.pictures,
            "pictures, not for --no-pictures"}}) {
    for (const char* name : options) {
      if (!holds && app.get_option(name)->count() > 0) {
        throw ConfigError(std::string(name) + " is for " + what +
                          (command.options.pictures ? ", which is missing" : ""));
      }
    }
  }
}

void warn_of_lengths(const AttackOverrides& attack, Log& log) {
  if (attack.norm == AttackNorm::kL2) {
    return;
  }
  for (const auto& [name, length] :
       {std::pair{"--epsilon", attack.epsilon}, std::pair{"--step-size", attack.step_size}}) {
    const std::string warning = length ? grey_level_warning(name, *length) : "";
    if (!warning.empty()) {
      log.warn("warning: " + warning);
    }
  }
}

int run(const CLI::App& app, Command& command) {
  for (const char* name : {"--checkpoint", "--images", "--output"}) {
    require(app, name);
  }
  auto& options = command.options;
  options.methods.clear();
  for (const auto& name : command.methods) {
    options.methods.push_back(methods().at(name));
  }
  options.memory_limit = static_cast<int64_t>(command.memory_limit);
  check_options_apply(app, command);
  if (command.measure) {
    options.metrics = command.metrics;
  }
  const ScopedSignals signals;
  Log log(options.quiet);
  warn_of_lengths(options.attack, log);
  const SaliencyOutcome outcome = run_saliency(options, log);
  std::cout << outcome.metrics;
  if (outcome.interrupted) {
    log.warn("stopped by a signal; what was finished by then is there");
    return kExitInterrupted;
  }
  if (outcome.unreadable > 0) {
    throw DataError(std::to_string(outcome.unreadable) + " of " +
                    std::to_string(outcome.unreadable + outcome.images) +
                    " images can't be read and have no maps, e.g. " + outcome.why);
  }
  return kExitDone;
}

}  // namespace

void add_maps(CLI::App& app, std::function<int()>& verb) {
  const auto command = std::make_shared<Command>();
  add_input(app, command->options);
  add_methods(app, *command);
  add_display(app, command->options);
  add_metrics(app, *command);
  add_machine(app, *command);
  verb = [&app, command] { return run(app, *command); };
}

}  // namespace sanas
