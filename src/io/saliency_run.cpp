// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/saliency_run.h"

#include <algorithm>

#include "format.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/image_source.h"
#include "sanas/io/metrics_log.h"
#include "sanas/io/module_state.h"
#include "sanas/io/network_checkpoint.h"
#include "sanas/io/progress.h"
#include "sanas/io/report.h"
#include "sanas/io/safetensors.h"
#include "sanas/io/search_setup.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

constexpr int64_t kBatch = 16;
constexpr int64_t kSheetRows = 16;

/// The network of a checkpoint as a function of raw pixels, and what it was trained on.
struct ExplainedNetwork {
  CheckpointInfo info;
  std::shared_ptr<torch::nn::Module> keep_alive;
  Classifier classify;
};

ExplainedNetwork load_network(const std::filesystem::path& path, const torch::Device& device) {
  const auto tensors = read_safetensors(path);
  auto info = read_checkpoint_info(tensors, path.string());
  if (info.kind == "evaluation") {
    const auto trained = load_trained_network(tensors, path.string(), device);
    return {info, trained.network,
            [network = trained.network, normalization = trained.normalization](
                const torch::Tensor& x) { return network->forward(normalization(x)).logits; }};
  }
  DatasetInfo data;
  data.classes = info.classes;
  data.height = info.height;
  data.width = info.width;
  auto networks = make_search_networks(info.config, data,
                                       read_stage(info.config, tensors, path.string()), device);
  load_state_dict(*networks.net1, tensors, path.string(), "w1.");
  load_architecture(*networks.architecture(), tensors, path.string());
  networks.net1->eval();
  return {info, networks.net1,
          [net = networks.net1, normalization = info.normalization](const torch::Tensor& x) {
            return net->forward(normalization(x));
          }};
}

/// Pixels 1×3×h×w in [0, 1] at the size that the network was trained on.
torch::Tensor to_pixels(const Image& image, int64_t height, int64_t width) {
  const Image fitted = image.height == height && image.width == width
                           ? image
                           : resize_image(image, static_cast<int>(height), static_cast<int>(width));
  return torch::from_blob(const_cast<uint8_t*>(fitted.pixels.data()),
                          {1, height, width, int64_t{3}}, torch::kUInt8)
      .permute({0, 3, 1, 2})
      .to(torch::kFloat32)
      .div(255.0);
}

std::string class_name(const CheckpointInfo& info, int64_t label) {
  return label >= 0 && label < static_cast<int64_t>(info.classes.size())
             ? info.classes[static_cast<size_t>(label)]
             : std::to_string(label);
}

}  // namespace

void run_saliency(const SaliencyOptions& options, Log& log) {
  const auto device = resolve_device(options.device);
  configure_device(device, options.threads, false);
  const auto network = load_network(options.checkpoint, device);
  Config config = network.info.config;
  if (!options.data.empty()) {
    config.dataset.source.root = options.data;
  }
  AttackOptions attack_options = config.search.attack;
  attack_options.space = AttackSpace::kPixels;
  attack_options.steps = options.steps.value_or(attack_options.steps);
  attack_options.loss = options.loss.value_or(attack_options.loss);
  const auto images = open_images(options.images, config);
  const int64_t count =
      options.count > 0 ? std::min(options.count, images->size()) : images->size();
  const int64_t height = network.info.height > 0 ? network.info.height : 224;
  const int64_t width = network.info.width > 0 ? network.info.width : 224;

  std::error_code error;
  std::filesystem::create_directories(options.output, error);
  if (error) {
    throw FileError(options.output.string() + ": can't be created: " + error.message());
  }
  MetricsLog predictions(options.output / "predictions.jsonl", false);
  NamedTensors maps;
  std::vector<std::vector<Image>> sheet;
  ProgressDisplay progress("saliency", std::max<int64_t>(1, count), 0,
                           {.quiet = options.quiet, .terminal = {}, .clock = {}});
  for (int64_t first = 0; first < count; first += kBatch) {
    const int64_t size = std::min(kBatch, count - first);
    std::vector<Image> originals;
    TensorList pixels;
    std::vector<int64_t> labels;
    for (int64_t i = first; i < first + size; ++i) {
      originals.push_back(images->image(i));
      pixels.push_back(to_pixels(originals.back(), height, width));
      labels.push_back(images->label(i).value_or(-1));
    }
    const auto batch = torch::cat(pixels).to(device);
    torch::Tensor probabilities;
    {
      const torch::NoGradGuard no_grad;
      probabilities = network.classify(batch).softmax(1).to(torch::kCPU);
    }
    if (attack_options.loss == AttackLoss::kLabel &&
        std::count(labels.begin(), labels.end(), -1) > 0) {
      throw ConfigError("the attack loss 'label' needs labelled images; use --loss soft or pseudo");
    }
    const auto delta = pgd_saliency(network.classify, batch, torch::tensor(labels).to(device),
                                    attack_options, options.seed)
                           .to(torch::kCPU);
    const auto reduced = reduce_color(delta, options.reduction);
    for (int64_t i = 0; i < size; ++i) {
      const std::string name = images->name(first + i);
      const Image& original = originals[static_cast<size_t>(i)];
      const Image heat =
          heat_map(scale_for_display(reduced[i], options.low_percentile, options.high_percentile),
                   options.color_map);
      const Image mixed = overlay(original, heat, options.strength);
      maps.tensors.insert(name, delta[i].clone());
      write_file_atomically(options.output / (name + "_heat.png"),
                            encode_png(resize_image(heat, original.height, original.width)));
      write_file_atomically(options.output / (name + "_overlay.png"), encode_png(mixed));
      const auto predicted = probabilities[i].argmax().item<int64_t>();
      MetricRecord record{{"image", name},
                          {"predicted", class_name(network.info, predicted)},
                          {"probability", probabilities[i][predicted].item<double>()}};
      if (labels[static_cast<size_t>(i)] >= 0) {
        record.emplace_back("label", class_name(network.info, labels[static_cast<size_t>(i)]));
      }
      predictions.write(record);
      if (static_cast<int64_t>(sheet.size()) < kSheetRows) {
        sheet.push_back({original, heat, mixed});
      }
      progress.update(first + i + 1);
    }
  }
  progress.finish();
  write_safetensors(options.output / "maps.safetensors", maps);
  write_file_atomically(options.output / "contact_sheet.png",
                        encode_png(contact_sheet(sheet, {"image", "saliency", "overlay"})));
  write_saliency_report(options.output, device);
  log.info("Saliency maps of " + std::to_string(count) + " images: " + options.output.string() +
           " (contact_sheet.png shows the first ones)");
}

}  // namespace sanas
