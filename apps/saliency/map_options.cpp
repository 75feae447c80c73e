// SPDX-License-Identifier: Apache-2.0
#include "saliency/map_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/arguments.h"
#include "sanas/config/setting.h"
#include "sanas/core/error.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

Choices<SaliencyMethod> methods() {
  Choices<SaliencyMethod> named;
  for (const auto method :
       {SaliencyMethod::kPgd, SaliencyMethod::kGradient, SaliencyMethod::kSmoothGrad,
        SaliencyMethod::kIntegratedGradients, SaliencyMethod::kGradCam}) {
    named.emplace_back(to_string(method), method);
  }
  return named;
}

/// A length such as 8/255.
CLI::Option* add_length(CLI::App& app, const std::string& name, std::optional<double>& target,
                        const std::string& help) {
  const auto read = [&target, name](const std::string& text) {
    const auto value = number_setting(text);
    if (!value || *value <= 0.0) {
      throw CLI::ValidationError(name, "'" + text + "': expected a number above 0, e.g. 8/255");
    }
    target = value;
  };
  return app.add_option_function<std::string>(name, read, help)->type_name("NUMBER");
}

void add_input(CLI::App& app, SaliencyOptions& options) {
  app.add_option("--checkpoint", options.checkpoints,
                 "checkpoint of a training or a search; repeatable, a column each")
      ->type_name("[NAME=]FILE")
      ->allow_extra_args(false)
      ->required();
  add_path(app, "--images", options.images, "NAME", "FILE, FOLDER, or DATASET[:train|:test]")
      ->required();
  add_path(app, "--out,--output", options.output, "DIR", "folder to write to")->required();
  add_path(app, "--data", options.data, "DIR", "folder of the data set's files")
      ->default_str("the checkpoint's");
  add_value(app, "--count", options.count, "N",
            "at most that many images, drawn over the classes or subfolders; 0: all")
      ->check(CLI::NonNegativeNumber);
  add_choice(app, "--on-bad-image", options.on_bad_image,
             {{"skip", BadSample::kSkip}, {"fail", BadSample::kFail}},
             "an image that can't be read: skip names it, makes the maps of the others, and ends "
             "with status 3; fail ends at once");
  app.add_flag("--quiet", options.quiet, "no progress and no information on the terminal");
}

void add_machine(CLI::App& app, MapsCommand& command) {
  add_machine_options(app, command.machine);
  add_choice(app, "--dtype", command.options.type,
             {{"float32", torch::kFloat32}, {"float64", torch::kFloat64}}, "float32 or float64")
      ->group("Machine");
  app.add_option("--memory-limit", command.memory_limit,
                 "what a batch may take, about, e.g. 500MB or 2GB; changes no result")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->type_name("SIZE")
      ->default_str("2GB")
      ->group("Machine");
}

void add_methods(CLI::App& app, SaliencyOptions& options) {
  add_choices(app, "--method", options.methods, methods(),
              "pgd, gradient, smoothgrad, integrated_gradients or gradcam; repeatable")
      ->group("Method");
  add_choice(app, "--target", options.target,
             {{"predicted", SaliencyTarget::kPredicted}, {"true", SaliencyTarget::kTrue}},
             "class whose logit is explained: predicted or true (pgd: see --loss)")
      ->group("Method");
  add_value(app, "--samples", options.smoothgrad.samples, "N", "smoothgrad: noisy copies")
      ->check(CLI::Range(1, 100000))
      ->group("Method");
  add_value(app, "--noise", options.smoothgrad.noise, "NUMBER",
            "smoothgrad: deviation of the noise, as a share of the image's range")
      ->check(number_between(0.0, 10.0))
      ->group("Method");
  add_value(app, "--path-steps", options.path_steps, "N",
            "integrated_gradients: points on the path")
      ->check(CLI::Range(1, 100000))
      ->group("Method");
  add_choice(app, "--path-baseline", options.path_baseline,
             {{"black", PathBaseline::kBlack}, {"mean", PathBaseline::kMean}},
             "integrated_gradients: black, or the data set's mean")
      ->group("Method");
}

void add_attack(CLI::App& app, SaliencyOptions& options) {
  AttackOverrides& attack = options.attack;
  add_choice(app, "--preset", options.preset,
             {{to_string(SaliencyPreset::kAlive), SaliencyPreset::kAlive},
              {to_string(SaliencyPreset::kPaper), SaliencyPreset::kPaper},
              {to_string(SaliencyPreset::kCheckpoint), SaliencyPreset::kCheckpoint}},
             "alive: what finds objects best; paper: |delta| as published; checkpoint: |delta| of "
             "the checkpoint's own attack")
      ->group("Attack (--method pgd)");
  std::vector<CLI::Option*> own;
  own.push_back(add_value(app, "--steps", attack.steps, "N",
                          "steps; 0: one step proportional to the gradient (not saturated)")
                    ->check(CLI::Range(0, 1000)));
  own.push_back(add_choice(
      app, "--loss", attack.loss,
      {{"soft", AttackLoss::kSoft}, {"label", AttackLoss::kLabel}, {"pseudo", AttackLoss::kPseudo}},
      "what is maximised: soft, label or pseudo"));
  own.push_back(add_choice(app, "--norm", attack.norm,
                           {{"linf", AttackNorm::kLinf}, {"l2", AttackNorm::kL2}},
                           "linf or l2 (not saturated)"));
  own.push_back(add_length(app, "--epsilon", attack.epsilon, "radius, of pixels in [0, 1]"));
  own.push_back(add_length(app, "--step-size", attack.step_size, "length of a step"));
  own.push_back(
      add_value(app, "--starts", attack.starts, "N", "random starts that a map is the mean over")
          ->check(CLI::Range(1, 10000)));
  own.push_back(add_value(app, "--smooth", attack.smoothing, "PIXELS",
                          "deviation of the Gaussian that maps are smoothed with; 0: none")
                    ->check(number_between(0.0, 100.0)));
  for (CLI::Option* option : own) {
    option->default_str("the preset's")->group("Attack (--method pgd)");
  }
}

void add_display(CLI::App& app, SaliencyOptions& options) {
  SaliencyDisplay& display = options.display;
  add_choice(
      app, "--reduction", display.reduction,
      {{"max", ColorReduction::kMax}, {"mean", ColorReduction::kMean}, {"l2", ColorReduction::kL2}},
      "over colours: max, mean or l2")
      ->group("Pictures");
  Choices<std::string> color_maps;
  for (const std::string& name : color_map_names()) {
    color_maps.emplace_back(name, name);
  }
  add_choice(app, "--color-map", display.color_map, color_maps,
             "of the heat maps: inferno, viridis, jet (as in the paper) and others of OpenCV")
      ->default_str(display.color_map)
      ->group("Pictures");
  const auto number = [&app](const std::string& name, double& target, const CLI::Validator& range,
                             const std::string& help) {
    add_value(app, name, target, "NUMBER", help)->check(range)->group("Pictures");
  };
  number("--strength", display.strength, number_between(0.0, 1.0),
         "share of the heat map in the overlay where saliency is highest");
  number("--low-percentile", display.low_percentile, number_between(0.0, 49.0), "shown as coldest");
  number("--high-percentile", display.high_percentile, number_between(51.0, 100.0),
         "shown as warmest");
  app.add_flag_callback(
         "--no-pictures", [&options] { options.pictures = false; },
         "only maps.safetensors and predictions.jsonl")
      ->group("Pictures");
}

void add_metrics(CLI::App& app, MapsCommand& command) {
  auto& metrics = command.metrics;
  const std::string group = "Metrics (--metrics)";
  app.add_flag("--metrics", command.measure, "measure the maps: metrics.txt, .csv, .json and .svg")
      ->group(group);
  add_path(app, "--masks", metrics.masks, "DIR",
           "folder with NAME.png per image, white where its object is")
      ->group(group);
  add_value(app, "--threshold", metrics.threshold, "NUMBER",
            "of the fixed intersection over union, as a share of a map's range")
      ->check(number_between(0.0, 1.0))
      ->group(group);
  add_value(app, "--curve-steps", metrics.curve_steps, "N",
            "points of deletion and insertion curves")
      ->check(CLI::Range(1, 1000))
      ->group(group);
  add_value(app, "--checked", metrics.checked_images, "N",
            "first images, on which the sanity checks are done; 0: none")
      ->check(CLI::Range(0, 100000))
      ->group(group);
  add_path(app, "--random-labels", metrics.random_labels, "FILE",
           "checkpoint trained on randomised labels, to compare maps with")
      ->group(group);
  add_path(app, "--other-seed", metrics.other_seed, "FILE",
           "checkpoint trained from another seed, to compare maps with")
      ->group(group);
}

}  // namespace

void add_map_options(CLI::App& app, MapsCommand& command) {
  add_input(app, command.options);
  add_methods(app, command.options);
  add_attack(app, command.options);
  add_display(app, command.options);
  add_metrics(app, command);
  add_machine(app, command);
}

void check_options_apply(const CLI::App& app, const MapsCommand& command) {
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
           {{"--preset", "--steps", "--loss", "--norm", "--epsilon", "--step-size", "--starts",
             "--smooth"},
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

}  // namespace sanas
