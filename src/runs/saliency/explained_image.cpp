// SPDX-License-Identifier: Apache-2.0
#include "runs/saliency/explained_image.h"

#include <utility>

#include "core/format.h"

namespace sanas {
namespace {

/// Where the image lies in what the network sees.
void add_geometry(JsonRecord& record, const ImageGeometry& geometry) {
  record.emplace_back("image_height", geometry.picture_height);
  record.emplace_back("image_width", geometry.picture_width);
  const PictureWindow seen = geometry.seen();
  record.emplace_back("seen_top", seen.top);
  record.emplace_back("seen_left", seen.left);
  record.emplace_back("seen_height", seen.height);
  record.emplace_back("seen_width", seen.width);
  record.emplace_back("row_scale", geometry.rows.scale);
  record.emplace_back("row_offset", geometry.rows.offset);
  record.emplace_back("column_scale", geometry.columns.scale);
  record.emplace_back("column_offset", geometry.columns.offset);
}

SaliencyBatch batch_of(const ImageBatch& images, const torch::Tensor& probabilities,
                       const SaliencyColumn& column) {
  check_labels(images.labels, column);
  auto labels = images.labels;
  labels.resize(static_cast<size_t>(images.pixels.size(0)), labels.back());
  const auto truth = torch::tensor(labels, torch::kInt64).to(images.pixels.device());
  return {images.pixels, truth,
          column.target == SaliencyTarget::kTrue ? truth : probabilities.argmax(1)};
}

}  // namespace

std::string ExplainedImage::caption() const {
  const std::string guess = predicted + format(" %.2f", probability);
  if (!label) {
    return guess;
  }
  return guess + (is_right ? " (right)" : " (true: " + *label + ")");
}

JsonRecord ExplainedImage::record() const {
  JsonRecord record{{"image", name}};
  if (!file.empty()) {
    record.emplace_back("file", file.string());
  }
  record.emplace_back("predicted", predicted);
  record.emplace_back("probability", probability);
  if (label) {
    record.emplace_back("label", *label);
  }
  record.emplace_back("target", target);
  record.emplace_back("map_low", map.min().item<double>());
  record.emplace_back("map_high", map.max().item<double>());
  add_geometry(record, geometry);
  if (completeness_error) {
    record.emplace_back("completeness_error", *completeness_error);
  }
  return record;
}

ExplainedBatch explain_batch(const SaliencyColumn& column, const ImageBatch& batch,
                             const ImageSource& source, int64_t first) {
  const auto& network = column.checkpoint->network;
  torch::Tensor probabilities;
  {
    const torch::NoGradGuard no_grad;
    probabilities = network.logits(batch.pixels).softmax(1);
  }
  MapBatch maps{.first = first, .indices = batch.indices, .geometries = batch.geometries};
  maps.batch = batch_of(batch, probabilities, column);
  const auto raw = make_maps(network, maps.batch, column.method, column.options, column.seed);
  const auto values = raw.values.to(torch::kCPU);
  maps.maps = column.reduced(values);
  const auto errors = raw.completeness_error.defined()
                          ? raw.completeness_error.to(torch::kCPU, torch::kDouble)
                          : torch::Tensor{};
  probabilities = probabilities.to(torch::kCPU, torch::kDouble);
  const auto class_name = [&](int64_t label) {
    return column.checkpoint->info.classes.at(static_cast<size_t>(label));
  };
  std::vector<ExplainedImage> images;
  for (size_t k = 0; k < batch.indices.size(); ++k) {
    const auto i = static_cast<int64_t>(k);
    ExplainedImage image;
    image.name = source.name(batch.indices[k]);
    image.file = source.file(batch.indices[k]);
    image.geometry = batch.geometries[k];
    const auto predicted = probabilities[i].argmax().item<int64_t>();
    image.predicted = class_name(predicted);
    image.probability = probabilities[i][predicted].item<double>();
    if (const int64_t label = batch.labels[k]; label >= 0) {
      image.label = class_name(label);
      image.is_right = label == predicted;
    }
    image.target = class_name(maps.batch.targets[i].item<int64_t>());
    image.values = values[i];
    image.map = maps.maps[i];
    if (errors.defined()) {
      image.completeness_error = errors[i].item<double>();
    }
    maps.names.push_back(image.name);
    images.push_back(std::move(image));
  }
  return {std::move(maps), std::move(images)};
}

}  // namespace sanas
