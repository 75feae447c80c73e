// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/saliency_run.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "format.h"
#include "saliency_images.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/core/text.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/metrics_log.h"
#include "sanas/io/progress.h"
#include "sanas/io/safetensors.h"
#include "sanas/io/saliency_tables.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSheetRows = 16;
constexpr int kSheetHeight = 128;

/// One network under one method.
struct Column {
  std::string name;
  SaliencyMethod method = SaliencyMethod::kPgd;
  const ExplainedCheckpoint* checkpoint = nullptr;
  fs::path file;
  SaliencyMethodOptions options;
  fs::path folder;
};

/// What the sheets show of an image.
struct SheetRow {
  Image image, heat, mixed;
  std::string caption;
};

struct NamedCheckpoint {
  std::string name;
  fs::path file;
  ExplainedCheckpoint checkpoint;
};

/// "NAME=FILE", or a file, which is then named after its run.
NamedCheckpoint parse_checkpoint(const std::string& text) {
  const auto equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && !fs::exists(text)) {
    return {text.substr(0, equals), text.substr(equals + 1), {}};
  }
  const fs::path file = fs::path(text).lexically_normal();
  const fs::path folder = file.parent_path();
  const bool of_run = folder.filename() == "checkpoints" && folder.has_parent_path();
  const fs::path name = of_run ? folder.parent_path().filename() : file.stem();
  return {name.empty() ? file.stem().string() : name.string(), file, {}};
}

std::vector<NamedCheckpoint> load_checkpoints(const SaliencyOptions& options,
                                              const torch::Device& device) {
  std::vector<NamedCheckpoint> all;
  std::set<std::string> names;
  for (const auto& text : options.checkpoints) {
    auto named = parse_checkpoint(text);
    if (!names.insert(named.name).second) {
      throw ConfigError("two checkpoints are called '" + named.name +
                        "': name them, as in --checkpoint NAME=FILE");
    }
    named.checkpoint = load_explained_checkpoint(named.file, device, options.type);
    all.push_back(std::move(named));
  }
  return all;
}

SaliencyMethodOptions method_options(const SaliencyOptions& options, const CheckpointInfo& info) {
  SaliencyMethodOptions result;
  result.attack = info.config.search.attack;
  result.attack.space = AttackSpace::kPixels;
  result.attack.steps = options.attack.steps.value_or(result.attack.steps);
  result.attack.loss = options.attack.loss.value_or(result.attack.loss);
  result.attack.norm = options.attack.norm.value_or(result.attack.norm);
  result.attack.epsilon = options.attack.epsilon.value_or(result.attack.epsilon);
  result.attack.step_size = options.attack.step_size.value_or(result.attack.step_size);
  result.starts = options.starts;
  result.smoothgrad = options.smoothgrad;
  result.integrated_gradients.steps = options.path_steps;
  if (options.path_baseline == PathBaseline::kMean) {
    result.integrated_gradients.baseline = info.normalization.mean;
  }
  return result;
}

std::string folder_name(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '_' && c != '-'; }, '-');
  return text;
}

std::vector<Column> make_columns(const SaliencyOptions& options,
                                 const std::vector<NamedCheckpoint>& checkpoints) {
  std::vector<Column> columns;
  std::set<std::string> folders;
  for (const auto& named : checkpoints) {
    for (const auto method : options.methods) {
      Column column{.name = to_string(method),
                    .method = method,
                    .checkpoint = &named.checkpoint,
                    .file = named.file,
                    .options = method_options(options, named.checkpoint.info),
                    .folder = options.output};
      if (checkpoints.size() > 1) {
        column.name =
            options.methods.size() > 1 ? named.name + " " + to_string(method) : named.name;
      }
      if (checkpoints.size() * options.methods.size() > 1) {
        column.folder /= folder_name(column.name);
        if (!folders.insert(column.folder.filename().string()).second) {
          throw ConfigError("column '" + column.name + "' is asked for twice");
        }
      }
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

void create_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw FileError(folder.string() + ": can't be created: " + error.message());
  }
}

std::string class_name(const CheckpointInfo& info, int64_t label) {
  return info.classes[static_cast<size_t>(label)];
}

/// Throws ConfigError where the true classes are asked for and not known, or not the network's.
void check_labels(const std::vector<int64_t>& labels, const Column& column, SaliencyTarget target) {
  const auto classes = static_cast<int64_t>(column.checkpoint->info.classes.size());
  for (const int64_t label : labels) {
    if (label >= classes) {
      throw ConfigError("the images have a class " + std::to_string(label) + ", but " +
                        column.file.string() + " knows " + std::to_string(classes));
    }
    if (label < 0 && target == SaliencyTarget::kTrue) {
      throw ConfigError("--target true needs labelled images; use --target predicted");
    }
    if (label < 0 && column.method == SaliencyMethod::kPgd &&
        column.options.attack.loss == AttackLoss::kLabel) {
      throw ConfigError("the attack loss 'label' needs labelled images; use --loss soft or pseudo");
    }
  }
}

std::string shape_text(const ExplainedCheckpoint& checkpoint) {
  return format("%zu classes and %lld×%lld pixels", checkpoint.info.classes.size(),
                static_cast<long long>(checkpoint.width),
                static_cast<long long>(checkpoint.height));
}

/// Throws ConfigError where maps of a network that is compared with can't be.
void check_comparable(const fs::path& file, const std::vector<Column>& columns,
                      const torch::Device& device, torch::ScalarType type) {
  if (file.empty()) {
    return;
  }
  const auto other = load_explained_checkpoint(file, device, type);
  for (const auto& column : columns) {
    if (shape_text(other) != shape_text(*column.checkpoint)) {
      throw ConfigError(file.string() + ": a network for " + shape_text(other) +
                        " can't be compared with " + column.file.string() + ", one for " +
                        shape_text(*column.checkpoint));
    }
  }
}

/// Makes the maps of a column and writes them.
class ColumnRun {
 public:
  ColumnRun(const SaliencyOptions& options, const Column& column, const ImageSource& images,
            int64_t count, const torch::Device& device, ColumnMeter* meter)
      : options_(options),
        column_(column),
        images_(images),
        count_(count),
        device_(device),
        meter_(meter) {}

  /// @param write_images whether the images themselves are written too.
  std::vector<SheetRow> run(bool write_images) {
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

  double mean_completeness_error() const { return completeness_sum_ / static_cast<double>(count_); }
  double largest_completeness_error() const { return completeness_largest_; }

 private:
  SafetensorsStream::Shapes shapes() const {
    SafetensorsStream::Shapes shapes;
    const int64_t channels = column_.method == SaliencyMethod::kGradCam ? 1 : 3;
    for (int64_t i = 0; i < count_; ++i) {
      shapes.push_back(
          {images_.name(i), {channels, column_.checkpoint->height, column_.checkpoint->width}});
    }
    return shapes;
  }

  SaliencyBatch targets_of(const ImageBatch& images, const torch::Tensor& probabilities) const {
    check_labels(images.labels, column_, options_.target);
    auto labels = images.labels;
    labels.resize(static_cast<size_t>(images.pixels.size(0)), labels.back());
    const auto truth = torch::tensor(labels, torch::kInt64).to(device_);
    return {images.pixels, truth,
            options_.target == SaliencyTarget::kTrue ? truth : probabilities.argmax(1)};
  }

  void explain(const ImageBatch& images, SafetensorsStream& maps, MetricsLog& predictions,
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

  /// The image's line in predictions.jsonl, and its caption in the sheets.
  void describe(const MapBatch& batch, int64_t i, int64_t label, const torch::Tensor& probabilities,
                std::optional<double> error, MetricsLog& predictions) {
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

  void draw(const MapBatch& batch, int64_t i, const Image& original, bool write_image) {
    const auto& display = options_.display;
    const auto write = [](const fs::path& folder, const std::string& name,
                          const std::string& bytes) {
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
      const int width = std::max(1, original.width * kSheetHeight / original.height);
      const auto fit = [&](const Image& image) {  // a sheet of photographs would keep them all
        return image.height > kSheetHeight ? resize_image(image, kSheetHeight, width) : image;
      };
      sheet_.push_back({fit(original), fit(heat), fit(mixed), caption_});
    }
  }

  const SaliencyOptions& options_;
  const Column& column_;
  const ImageSource& images_;
  int64_t count_;
  torch::Device device_;
  ColumnMeter* meter_;
  std::vector<SheetRow> sheet_;
  std::string caption_;
  double completeness_sum_ = 0.0;
  double completeness_largest_ = 0.0;
};

void write_contact_sheet(const fs::path& folder, const std::vector<SheetRow>& sheet) {
  std::vector<std::vector<Image>> rows;
  std::vector<std::string> captions;
  for (const auto& row : sheet) {
    rows.push_back({row.image, row.heat, row.mixed});
    captions.push_back(row.caption);
  }
  write_file_atomically(
      folder / "contact_sheet.png",
      encode_png(contact_sheet(rows, {"image", "saliency", "overlay"}, kSheetHeight, captions)));
}

void write_comparison_sheet(const fs::path& folder, const std::vector<Column>& columns,
                            const std::vector<std::vector<SheetRow>>& sheets) {
  std::vector<std::string> headings{"image"};
  std::vector<std::vector<Image>> rows;
  for (const auto& row : sheets.front()) {
    rows.push_back({row.image});
  }
  for (size_t c = 0; c < columns.size(); ++c) {
    headings.push_back(columns[c].name);
    for (size_t r = 0; r < rows.size(); ++r) {
      rows[r].push_back(sheets[c][r].heat);
    }
  }
  write_file_atomically(folder / "comparison_sheet.png",
                        encode_png(contact_sheet(rows, headings, kSheetHeight)));
}

/// saliency.json: what the folder holds, for programs that read it.
void write_manifest(const SaliencyOptions& options, const std::vector<Column>& columns,
                    const ImageSource& images, int64_t count) {
  using nlohmann::ordered_json;
  ordered_json list = ordered_json::array();
  for (const auto& column : columns) {
    list.push_back({{"name", column.name},
                    {"folder", fs::relative(column.folder, options.output).string()},
                    {"method", to_string(column.method)},
                    {"checkpoint", column.file.string()}});
  }
  ordered_json names = ordered_json::array();
  for (int64_t i = 0; i < count; ++i) {
    names.push_back(images.name(i));
  }
  const ordered_json manifest{
      {"format", "sanas-saliency-1"}, {"version", SANAS_VERSION}, {"source", options.images},
      {"seed", options.seed},         {"columns", list},          {"images", names}};
  write_file_atomically(
      options.output / "saliency.json",
      manifest.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

void write_scores(const fs::path& folder, const std::vector<ColumnScores>& scores, uint64_t seed) {
  const BootstrapOptions bootstrap{.seed = seed};
  const auto text = scores_text(scores, bootstrap);
  std::cout << text;
  write_file_atomically(folder / "metrics.txt", text);
  write_file_atomically(folder / "metrics.csv", scores_csv(scores, bootstrap));
  write_file_atomically(folder / "metrics.json", scores_json(scores, bootstrap));
  write_file_atomically(folder / "metrics_per_image.jsonl", image_scores_jsonl(scores));
  write_file_atomically(folder / "metrics.svg", scores_svg(scores));
}

/// Makes maps as the column does.
MapMaker map_maker(const Column& column, const SaliencyOptions& options) {
  return [&](const ExplainedNetwork& network, const SaliencyBatch& batch, uint64_t seed) {
    const auto values = make_maps(network, batch, column.method, column.options, seed).values;
    return reduce_color(values.to(torch::kCPU), options.display.reduction).to(torch::kDouble);
  };
}

}  // namespace

void run_saliency(const SaliencyOptions& options, Log& log) {
  const auto device = resolve_device(options.device);
  configure_device(device, options.threads, false);
  const auto checkpoints = load_checkpoints(options, device);
  const auto columns = make_columns(options, checkpoints);
  Config config = checkpoints.front().checkpoint.info.config;
  if (!options.data.empty()) {
    config.dataset.source.root = options.data;
  }
  const auto images = open_images(options.images, config);
  const int64_t count =
      options.count > 0 ? std::min(options.count, images->size()) : images->size();
  std::vector<fs::path> masks;
  if (options.metrics) {
    check_comparable(options.metrics->random_labels, columns, device, options.type);
    check_comparable(options.metrics->other_seed, columns, device, options.type);
    masks =
        options.metrics->masks.empty() ? masks : find_masks(*images, count, options.metrics->masks);
  }

  for (const auto& column : columns) {  // before anything is written
    check_labels({images->label(0).value_or(-1)}, column, options.target);
  }

  create_folder(options.output);
  std::vector<std::vector<SheetRow>> sheets;
  std::vector<ColumnScores> scores;
  for (const auto& column : columns) {
    std::optional<ColumnMeter> meter;
    if (options.metrics) {
      meter.emplace(column.name, column.file, column.checkpoint->network, *options.metrics, masks,
                    map_maker(column, options), options.seed);
    }
    ColumnRun run(options, column, *images, count, device, meter ? &*meter : nullptr);
    sheets.push_back(run.run(/*write_images=*/sheets.empty()));
    write_contact_sheet(column.folder, sheets.back());
    if (column.method == SaliencyMethod::kIntegratedGradients) {
      log.info(format("%s: completeness error %.3g on average, %.3g at most", column.name.c_str(),
                      run.mean_completeness_error(), run.largest_completeness_error()));
    }
    if (meter) {
      scores.push_back(meter->finish(device, options.type));
    }
  }
  if (columns.size() > 1) {
    write_comparison_sheet(options.output, columns, sheets);
  }
  write_manifest(options, columns, *images, count);
  if (options.metrics) {
    write_scores(options.output, scores, options.seed);
  }
  log.info("Saliency maps of " + std::to_string(count) + " images: " + options.output.string() +
           (columns.size() > 1 ? " (comparison_sheet.png" : " (contact_sheet.png") +
           " shows the first ones)");
}

}  // namespace sanas
