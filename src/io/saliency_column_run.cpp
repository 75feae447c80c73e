// SPDX-License-Identifier: Apache-2.0
#include "saliency_column_run.h"

#include <algorithm>

#include "format.h"
#include "sanas/core/error.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/progress.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSheetRows = 16;

std::string class_name(const CheckpointInfo& info, int64_t label) {
  return info.classes[static_cast<size_t>(label)];
}

}  // namespace

void create_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw FileError(folder.string() + ": can't be created: " + error.message());
  }
}

ColumnRun::ColumnRun(const SaliencyOptions& options, const SaliencyColumn& column,
                     const ImageSource& images, int64_t count, const torch::Device& device,
                     ColumnMeter* meter)
    : options_(options),
      column_(column),
      images_(images),
      count_(count),
      device_(device),
      meter_(meter) {}

std::vector<SheetRow> ColumnRun::run(bool write_images) {
  create_folder(column_.folder);
  MetricsLog predictions(column_.folder / "predictions.jsonl", false);
  ProgressDisplay progress(column_.name, std::max<int64_t>(1, count_), 0,
                           {.quiet = options_.quiet, .terminal = {}, .clock = {}});
  write_file_atomically(column_.folder / "maps.safetensors", [&](std::ostream& stream) {
    SafetensorsStream maps(stream, shapes(), options_.type,
                           {{"method", to_string(column_.method)}, {"column", column_.name}});
    ImageBatches batches(images_, count_, *column_.checkpoint, device_, options_.type,
                         options_.memory_limit);
    for (ImageBatch batch; batches.next(batch);) {
      explain(batch, maps, predictions, write_images);
      progress.update(batch.first + static_cast<int64_t>(batch.originals.size()));
    }
  });
  progress.finish();
  return std::move(sheet_);
}

SafetensorsStream::Shapes ColumnRun::shapes() const {
  SafetensorsStream::Shapes shapes;
  const int64_t channels = column_.method == SaliencyMethod::kGradCam ? 1 : 3;
  for (int64_t i = 0; i < count_; ++i) {
    shapes.push_back(
        {images_.name(i), {channels, column_.checkpoint->height, column_.checkpoint->width}});
  }
  return shapes;
}

SaliencyBatch ColumnRun::targets_of(const ImageBatch& images,
                                    const torch::Tensor& probabilities) const {
  check_labels(images.labels, column_, options_.target);
  auto labels = images.labels;
  labels.resize(static_cast<size_t>(images.pixels.size(0)), labels.back());
  const auto truth = torch::tensor(labels, torch::kInt64).to(device_);
  return {images.pixels, truth,
          options_.target == SaliencyTarget::kTrue ? truth : probabilities.argmax(1)};
}

void ColumnRun::explain(const ImageBatch& images, SafetensorsStream& maps, MetricsLog& predictions,
                        bool write_images) {
  torch::Tensor probabilities;
  {
    const torch::NoGradGuard no_grad;
    probabilities = column_.checkpoint->network.logits(images.pixels).softmax(1);
  }
  MapBatch result;
  result.first = images.first;
  result.batch = targets_of(images, probabilities);
  const auto made = make_maps(column_.checkpoint->network, result.batch, column_.method,
                              column_.options, options_.seed);
  const auto values = made.values.to(torch::kCPU);
  const auto errors = made.completeness_error.defined()
                          ? made.completeness_error.to(torch::kCPU, torch::kDouble)
                          : torch::Tensor{};
  probabilities = probabilities.to(torch::kCPU, torch::kDouble);
  result.maps = reduce_color(values, options_.display.reduction).to(torch::kDouble);
  for (int64_t i = 0; i < static_cast<int64_t>(images.originals.size()); ++i) {
    result.names.push_back(images_.name(images.first + i));
    maps.write(values[i]);
    const auto error = errors.defined() ? std::optional(errors[i].item<double>()) : std::nullopt;
    describe(result, i, images.labels[static_cast<size_t>(i)], probabilities[i], error,
             predictions);
    draw(result, i, images.originals[static_cast<size_t>(i)], write_images);
  }
  if (meter_ != nullptr) {
    meter_->add(result);
  }
}

void ColumnRun::describe(const MapBatch& batch, int64_t i, int64_t label,
                         const torch::Tensor& probabilities, std::optional<double> error,
                         MetricsLog& predictions) {
  const auto& info = column_.checkpoint->info;
  const auto predicted = probabilities.argmax().item<int64_t>();
  const double probability = probabilities[predicted].item<double>();
  MetricRecord record{{"image", batch.names.back()},
                      {"predicted", class_name(info, predicted)},
                      {"probability", probability}};
  caption_ = class_name(info, predicted) + format(" %.2f", probability);
  if (label >= 0) {
    record.emplace_back("label", class_name(info, label));
    caption_ += label == predicted ? " (right)" : " (true: " + class_name(info, label) + ")";
  }
  record.emplace_back("target", class_name(info, batch.batch.targets[i].item<int64_t>()));
  record.emplace_back("map_low", batch.maps[i].min().item<double>());
  record.emplace_back("map_high", batch.maps[i].max().item<double>());
  if (error) {
    record.emplace_back("completeness_error", *error);
    completeness_sum_ += *error;
    completeness_largest_ = std::max(completeness_largest_, *error);
  }
  predictions.write(record);
}

void ColumnRun::draw(const MapBatch& batch, int64_t i, const Image& original, bool write_image) {
  const auto& display = options_.display;
  const auto write = [](const fs::path& folder, const std::string& name, const std::string& bytes) {
    write_file_atomically(folder / name, bytes);
  };
  const auto& name = batch.names.back();
  const auto map = resize_map(batch.maps[i], original.height, original.width);
  const Image heat = heat_map(
      scale_for_display(map, display.low_percentile, display.high_percentile), display.color_map);
  Image mixed = overlay(original, heat, display.strength);
  write(column_.folder, name + "_map.png", encode_png16(scale_for_display(batch.maps[i])));
  write(column_.folder, name + "_heat.png", encode_png(heat));
  write(column_.folder, name + "_overlay.png", encode_png(mixed));
  if (write_image) {
    write(options_.output, name + "_image.png", encode_png(original));
  }
  if (static_cast<int64_t>(sheet_.size()) < kSheetRows) {
    const int width = tile_width(original, kSheetHeight);
    const auto fit = [&](const Image& image) {  // a sheet of photographs would keep them all
      return image.height > kSheetHeight ? resize_image(image, kSheetHeight, width) : image;
    };
    sheet_.push_back({fit(original), fit(heat), fit(mixed), caption_});
  }
}

}  // namespace sanas
