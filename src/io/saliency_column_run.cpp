// SPDX-License-Identifier: Apache-2.0
#include "saliency_column_run.h"

#include <algorithm>
#include <utility>

#include "format.h"
#include "sanas/core/error.h"
#include "sanas/core/phase.h"
#include "sanas/io/atomic_file.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSheetRows = 16;

std::string class_name(const CheckpointInfo& info, int64_t label) {
  return info.classes[static_cast<size_t>(label)];
}

/// Where the image lies in what the network sees.
void add_geometry(MetricRecord& record, const ImageGeometry& geometry) {
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

}  // namespace

void create_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw FileError(folder.string() + ": can't be created: " + error.message());
  }
}

ColumnRun::ColumnRun(const SaliencyOptions& options, const SaliencyColumn& column,
                     const ImageSource& images, const torch::Device& device, ColumnMeter* meter,
                     UnreadableImages& unreadable, PhaseObserver& observer)
    : options_(options),
      column_(column),
      images_(images),
      device_(device),
      meter_(meter),
      unreadable_(unreadable),
      observer_(observer) {}

ColumnResult ColumnRun::run(bool write_images) {
  create_folder(column_.folder);
  remove_stale_temporary_files(column_.folder);
  MetricsLog predictions(column_.folder / "predictions.jsonl", false);
  write_file_atomically(column_.folder / "maps.safetensors", [&](std::ostream& stream) {
    SafetensorsStream maps(stream, shapes(), options_.type,
                           {{"method", to_string(column_.method)}, {"column", column_.name}});
    try {
      Phase phase(observer_, column_.name, images_.size());
      ImageBatches batches(images_, *column_.checkpoint, device_, options_.type,
                           options_.memory_limit, unreadable_);
      int64_t done = 0;
      for (ImageBatch batch; batches.next(batch);) {
        explain(batch, maps, predictions, write_images);
        phase.advance(batches.position() - std::exchange(done, batches.position()));
      }
    } catch (const Interrupted&) {  // between two batches: what is written is whole
      result_.interrupted = true;
    }
    maps.finish();
  });
  return std::move(result_);
}

SafetensorsStream::Shapes ColumnRun::shapes() const {
  SafetensorsStream::Shapes shapes;
  const int64_t channels = column_.method == SaliencyMethod::kGradCam ? 1 : 3;
  for (int64_t i = 0; i < images_.size(); ++i) {
    shapes.push_back(
        {images_.name(i), {channels, column_.checkpoint->height(), column_.checkpoint->width()}});
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
  MapBatch made;
  made.first = static_cast<int64_t>(result_.images.size());
  made.indices = images.indices;
  made.geometries = images.geometries;
  made.batch = targets_of(images, probabilities);
  const auto raw = make_maps(column_.checkpoint->network, made.batch, column_.method,
                             column_.options, options_.seed);
  const auto values = raw.values.to(torch::kCPU);
  const auto errors = raw.completeness_error.defined()
                          ? raw.completeness_error.to(torch::kCPU, torch::kDouble)
                          : torch::Tensor{};
  probabilities = probabilities.to(torch::kCPU, torch::kDouble);
  made.maps = reduce_color(values, options_.display.reduction).to(torch::kDouble);
  for (int64_t i = 0; i < static_cast<int64_t>(images.indices.size()); ++i) {
    made.names.push_back(images_.name(images.indices[static_cast<size_t>(i)]));
    maps.write(made.names.back(), values[i]);
    const auto error = errors.defined() ? std::optional(errors[i].item<double>()) : std::nullopt;
    const auto caption = describe(made, i, images, probabilities[i], error, predictions);
    if (options_.pictures) {
      draw(made, i, images.originals[static_cast<size_t>(i)], caption, write_images);
    }
    result_.images.push_back(made.names.back());
  }
  if (meter_ != nullptr) {
    meter_->add(made);
  }
}

std::string ColumnRun::describe(const MapBatch& batch, int64_t i, const ImageBatch& images,
                                const torch::Tensor& probabilities, std::optional<double> error,
                                MetricsLog& predictions) {
  const auto& info = column_.checkpoint->info;
  const auto& geometry = batch.geometries[static_cast<size_t>(i)];
  const auto index = static_cast<size_t>(i);
  const int64_t label = images.labels[index];
  const auto predicted = probabilities.argmax().item<int64_t>();
  const double probability = probabilities[predicted].item<double>();
  MetricRecord record{{"image", batch.names.back()}};
  if (const fs::path file = images_.file(images.indices[index]); !file.empty()) {
    record.emplace_back("file", file.string());
  }
  record.emplace_back("predicted", class_name(info, predicted));
  record.emplace_back("probability", probability);
  std::string caption = class_name(info, predicted) + format(" %.2f", probability);
  if (label >= 0) {
    record.emplace_back("label", class_name(info, label));
    caption += label == predicted ? " (right)" : " (true: " + class_name(info, label) + ")";
  }
  record.emplace_back("target", class_name(info, batch.batch.targets[i].item<int64_t>()));
  record.emplace_back("map_low", batch.maps[i].min().item<double>());
  record.emplace_back("map_high", batch.maps[i].max().item<double>());
  add_geometry(record, geometry);
  if (error) {
    record.emplace_back("completeness_error", *error);
    result_.completeness_error_sum += *error;
    result_.largest_completeness_error = std::max(result_.largest_completeness_error, *error);
  }
  predictions.write(record);
  result_.cropped += geometry.sees_everything() ? 0 : 1;
  return caption;
}

void ColumnRun::draw(const MapBatch& batch, int64_t i, const Image& original,
                     const std::string& caption, bool write_image) {
  const auto& display = options_.display;
  const auto& geometry = batch.geometries[static_cast<size_t>(i)];
  const auto write = [](const fs::path& folder, const std::string& name, const std::string& bytes) {
    write_file_atomically(folder / name, bytes);
  };
  const auto& name = batch.names.back();
  Image heat =
      heat_map(scale_for_display(map_on_picture(batch.maps[i], geometry), display.low_percentile,
                                 display.high_percentile, seen_pixels(geometry)),
               display.color_map);
  hatch_unseen(heat, geometry.seen());
  Image mixed = overlay(original, heat, display.strength);
  write(column_.folder, name + "_map.png", encode_png16(scale_for_display(batch.maps[i])));
  write(column_.folder, name + "_heat.png", encode_png(heat));
  write(column_.folder, name + "_overlay.png", encode_png(mixed));
  if (write_image) {
    write(options_.output, name + "_image.png", encode_png(original));
  }
  if (static_cast<int64_t>(result_.sheet.size()) < kSheetRows) {
    const int width = tile_width(original, kSheetHeight);
    const auto fit = [&](const Image& image) {  // a sheet of photographs would keep them all
      return image.height > kSheetHeight ? resize_image(image, kSheetHeight, width) : image;
    };
    result_.sheet.push_back({fit(original), fit(heat), fit(mixed), caption});
  }
}

}  // namespace sanas
