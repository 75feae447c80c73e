// SPDX-License-Identifier: Apache-2.0
#include "runs/saliency/saliency_description.h"

#include "report/saliency_manifest.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

/// Options by name, and which of them differ from what they are by default.
struct Described {
  json values = json::object();
  json changed = json::array();

  void add(const char* name, const json& value, bool is_changed) {
    values[name] = value;
    if (is_changed) {
      changed.emplace_back(name);
    }
  }
  void add_value(const char* name, const json& value, const json& by_default) {
    add(name, value, value != by_default);
  }
};

Described describe(const SaliencyColumn& column, const SaliencyOptions& options) {
  Described described;
  const SaliencyOptions defaults;
  const auto& used = column.options;
  switch (column.method) {
    case SaliencyMethod::kPgd:
      described.add_value("preset", to_string(options.preset), to_string(defaults.preset));
      described.add("steps", used.attack.steps, options.attack.steps.has_value());
      described.add("loss", to_string(used.attack.loss), options.attack.loss.has_value());
      described.add("norm", to_string(used.attack.norm), options.attack.norm.has_value());
      described.add("epsilon", used.attack.epsilon, options.attack.epsilon.has_value());
      described.add("step_size", used.attack.step_size, options.attack.step_size.has_value());
      described.add("starts", used.starts, options.attack.starts.has_value());
      described.add("smooth", used.smoothing, options.attack.smoothing.has_value());
      break;
    case SaliencyMethod::kSmoothGrad:
      described.add_value("samples", used.smoothgrad.samples, defaults.smoothgrad.samples);
      described.add_value("noise", used.smoothgrad.noise, defaults.smoothgrad.noise);
      break;
    case SaliencyMethod::kIntegratedGradients:
      described.add_value("path_steps", options.path_steps, defaults.path_steps);
      described.add("path_baseline",
                    options.path_baseline == PathBaseline::kMean ? "mean" : "black",
                    options.path_baseline != defaults.path_baseline);
      break;
    case SaliencyMethod::kGradient:
    case SaliencyMethod::kGradCam:
      break;
  }
  return described;
}

Described describe(const SaliencyOptions& options) {
  Described described;
  const SaliencyOptions defaults;
  const auto& display = options.display;
  described.add_value("seed", options.seed, defaults.seed);
  described.add("target", options.target == SaliencyTarget::kTrue ? "true" : "predicted",
                options.target != defaults.target);
  described.add("dtype", options.type == torch::kFloat64 ? "float64" : "float32",
                options.type != defaults.type);
  described.add_value("on_bad_image", to_string(options.on_bad_image),
                      to_string(defaults.on_bad_image));
  described.add_value("pictures", options.pictures, defaults.pictures);
  described.add_value("reduction", to_string(display.reduction),
                      to_string(defaults.display.reduction));
  described.add_value("color_map", display.color_map, defaults.display.color_map);
  described.add_value("strength", display.strength, defaults.display.strength);
  described.add_value("low_percentile", display.low_percentile, defaults.display.low_percentile);
  described.add_value("high_percentile", display.high_percentile, defaults.display.high_percentile);
  if (options.metrics) {
    const SaliencyMetricsOptions none;
    const auto& metrics = *options.metrics;
    described.add_value("masks", metrics.masks.string(), "");
    described.add_value("threshold", metrics.threshold, none.threshold);
    described.add_value("curve_steps", metrics.curve_steps, none.curve_steps);
    described.add_value("checked", metrics.checked_images, none.checked_images);
    described.add_value("random_labels", metrics.random_labels.string(), "");
    described.add_value("other_seed", metrics.other_seed.string(), "");
  }
  return described;
}

}  // namespace

json describe_saliency(const SaliencyOptions& options, const SaliencyContent& content) {
  json list = json::array();
  for (const auto& column : content.columns) {
    const auto described = describe(column, options);
    list.push_back({{"name", column.name},
                    {"folder", fs::relative(column.folder, options.output).string()},
                    {"method", to_string(column.method)},
                    {"checkpoint", column.file.string()},
                    {"preparation", column.checkpoint->preparation->description()},
                    {"options", described.values},
                    {"changed", described.changed}});
  }
  json unreadable = json::array();
  for (const auto& [image, why] : content.unreadable) {
    unreadable.push_back({{"image", image}, {"why", why}});
  }
  const auto described = describe(options);
  return {{"format", kSaliencyFormat},         {"version", SANAS_VERSION},
          {"source", options.images},          {"options", described.values},
          {"changed", described.changed},      {"columns", list},
          {"images", content.images},          {"unreadable", unreadable},
          {"interrupted", content.interrupted}};
}

}  // namespace sanas
