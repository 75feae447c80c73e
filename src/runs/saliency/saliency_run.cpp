// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/saliency_run.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/format.h"
#include "files/folder_lock.h"
#include "files/folders.h"
#include "report/run_files.h"
#include "report/saliency_scores.h"
#include "runs/live_report.h"
#include "runs/saliency/column_maps.h"
#include "runs/saliency/saliency_columns.h"
#include "runs/saliency/saliency_description.h"
#include "runs/session_record.h"
#include "saliency/masks.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/phase.h"
#include "sanas/core/phase_display.h"
#include "sanas/files/atomic_file.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

void write_manifest(const SaliencyOptions& options, const SaliencyContent& content) {
  write_file_atomically(options.output / run_files::kSaliency,
                        describe_saliency(options, content)
                                .dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
                            "\n");
}

/// Returns the table of them.
std::string write_scores(const fs::path& folder, const std::vector<ColumnScores>& scores,
                         uint64_t seed) {
  const BootstrapOptions bootstrap{.seed = seed};
  const auto text = scores_text(scores, bootstrap);
  write_file_atomically(folder / "metrics.txt", text);
  write_file_atomically(folder / "metrics.csv", scores_csv(scores, bootstrap));
  write_file_atomically(folder / "metrics.json", scores_json(scores, bootstrap));
  write_file_atomically(folder / "metrics_per_image.jsonl", image_scores_jsonl(scores));
  write_file_atomically(folder / "metrics.svg", scores_svg(scores));
  return text;
}

/// What a column's maps are measured against.
MeasuredColumn measured(const SaliencyColumn& column, const SaliencyMetricsOptions& metrics,
                        const ColumnInput& input, const std::vector<fs::path>& masks) {
  const auto load = [device = input.device, type = input.type](const fs::path& file) {
    return [=]() -> ExplainedModule { return load_explained_checkpoint(file, device, type); };
  };
  MeasuredColumn against{.name = column.name,
                         .network = column.checkpoint->network,
                         .seed = column.seed,
                         .masks = masks,
                         .load = load(column.file)};
  against.make = [&column](const ExplainedNetwork& network, const SaliencyBatch& batch,
                           uint64_t seed) {
    return column.reduced(make_maps(network, batch, column.method, column.options, seed).values);
  };
  against.load_fresh = [file = column.file, device = input.device,
                        type = input.type](uint64_t seed) -> ExplainedModule {
    return load_explained_checkpoint(file, device, type, CheckpointWeights::kFresh, seed);
  };
  for (const auto& [name, file] : {std::pair{"random_labels", metrics.random_labels},
                                   std::pair{"other_seed", metrics.other_seed}}) {
    if (!file.empty()) {
      against.others.emplace_back(name, load(file));
    }
  }
  return against;
}

/// Maps may be made anew over old ones, but not among the files of a search or training.
void check_holds_no_run(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / run_files::kConfig, error)) {
    throw FileError(folder.string() +
                    ": holds a run; choose another --output, or a folder in it, for its maps");
  }
}

/// Throws DataError where there is no image that can be read: before anything is written.
void check_any_is_readable(const ImageSource& images, UnreadableImages& unreadable) {
  for (int64_t i = 0; i < images.size(); ++i) {
    try {
      images.image(i);
      return;
    } catch (const DataError& error) {
      unreadable.add(i, error.what());
    }
  }
  const std::string& why = unreadable.all().begin()->second;
  throw DataError(images.size() == 1 ? why
                                     : "none of " + std::to_string(images.size()) +
                                           " images can be read, e.g. " + why);
}

std::vector<std::string> names_of(const ImageSource& images) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < images.size(); ++i) {
    names.push_back(images.name(i));
  }
  return names;
}

/// Says what people ask about the first maps, or would not see in the pictures.
void say_what_was_found(const SaliencyColumn& column, const ColumnResult& result, bool is_first,
                        Log& log) {
  if (is_first && result.cropped > 0) {
    log.info(
        format("%lld of %zu images are seen in part, as in a test of the network (the rest "
               "is striped): %s",
               static_cast<long long>(result.cropped), result.images.size(),
               column.checkpoint->preparation->description().c_str()));
  }
  if (column.method == SaliencyMethod::kIntegratedGradients) {
    log.info(format("%s: completeness error %.3g on average, %.3g at most", column.name.c_str(),
                    result.completeness_error_sum / static_cast<double>(result.images.size()),
                    result.largest_completeness_error));
  }
}

/// The images of a run, and the masks of their objects where maps are measured with them.
struct SaliencyImages {
  std::unique_ptr<ImageSource> source;
  UnreadableImages unreadable;
  std::vector<fs::path> masks;
};

/// Before anything is written: throws ConfigError or DataError where images, masks and networks
/// don't fit each other, or no image can be read.
SaliencyImages open_and_check(const SaliencyOptions& options,
                              const std::vector<SaliencyColumn>& columns,
                              const torch::Device& device, Log& log) {
  DatasetOptions dataset = columns.front().checkpoint->info.config.dataset.source;
  if (!options.data.empty()) {
    dataset.root = options.data;
  }
  SaliencyImages images{
      open_images(options.images, dataset, options.count, log), {options.on_bad_image, log}, {}};
  for (const auto& column : columns) {
    check_labels({images.source->label(0).value_or(-1)}, column);
  }
  check_any_is_readable(*images.source, images.unreadable);
  if (options.metrics) {
    check_comparable(options.metrics->random_labels, columns, device, options.type);
    check_comparable(options.metrics->other_seed, columns, device, options.type);
    if (!options.metrics->masks.empty()) {
      images.masks = find_masks(*images.source, options.metrics->masks, images.unreadable);
    }
  }
  return images;
}

/// Columns, one after the other, into a folder.
class SaliencyRun {
 public:
  SaliencyRun(const SaliencyOptions& options, SaliencyImages& images, const torch::Device& device,
              Log& log)
      : options_(options),
        images_(images),
        input_{*images.source, images.unreadable, device, options.type, options.memory_limit},
        phases_(progress_options(options.quiet, log)),
        log_(log) {}

  /// Writes what the folder will hold.
  void begin(const std::vector<SaliencyColumn>& columns) const {
    write_manifest(options_, {columns, names_of(*images_.source), {}, false});
  }

  /// Makes and measures the maps of a column. Whether to go on with the next one.
  bool add(const SaliencyColumn& column) {
    const bool is_first = content_.columns.empty();
    std::optional<PictureOptions> pictures;
    if (options_.pictures) {
      pictures = {options_.display, is_first ? options_.output : fs::path()};
    }
    std::optional<MapMeter> meter;
    if (options_.metrics) {
      meter.emplace(measured(column, *options_.metrics, input_, images_.masks), *options_.metrics,
                    phases_);
    }
    ColumnResult result =
        make_column_maps(column, input_, pictures, meter ? &*meter : nullptr, phases_);
    content_.interrupted = result.interrupted;
    if (!result.images.empty()) {
      result.sheet.write(column.folder);
      say_what_was_found(column, result, is_first, log_);
      content_.columns.push_back(column);
      content_.images = std::move(result.images);
      sheets_.push_back(std::move(result.sheet));
      if (meter && !content_.interrupted) {
        measure(*meter);
      }
    }
    return !content_.interrupted;
  }

  /// Writes what all columns share.
  SaliencyOutcome finish() {
    for (const auto& [index, why] : images_.unreadable.all()) {
      content_.unreadable.emplace_back(images_.source->name(index), why);
    }
    write_manifest(options_, content_);
    write_comparison_sheet(options_.output, column_names(), sheets_);
    const std::string metrics =
        scores_.empty() ? "" : write_scores(options_.output, scores_, options_.seed);
    return {static_cast<int64_t>(content_.images.size()),
            static_cast<int64_t>(content_.unreadable.size()),
            content_.unreadable.empty() ? "" : content_.unreadable.front().second,
            content_.interrupted, metrics};
  }

 private:
  void measure(MapMeter& meter) {
    try {
      scores_.push_back(meter.finish());
    } catch (const Interrupted&) {
      content_.interrupted = true;
    }
  }

  std::vector<std::string> column_names() const {
    std::vector<std::string> names;
    for (const auto& column : content_.columns) {
      names.push_back(column.name);
    }
    return names;
  }

  const SaliencyOptions& options_;
  SaliencyImages& images_;
  ColumnInput input_;
  PhaseDisplay phases_;
  Log& log_;
  SaliencyContent content_;
  std::vector<ContactSheet> sheets_;
  std::vector<ColumnScores> scores_;
};

void say_where_the_maps_are(const SaliencyOptions& options, size_t columns, int64_t images,
                            Log& log) {
  const char* sheet = !options.pictures || images == 0 ? ""
                      : columns > 1 ? " (comparison_sheet.png shows the first ones)"
                                    : " (contact_sheet.png shows the first ones)";
  log.info("Saliency maps of " + std::to_string(images) + " images: " + options.output.string() +
           sheet);
}

}  // namespace

std::string to_string(SaliencyPreset preset) {
  switch (preset) {
    case SaliencyPreset::kAlive:
      return "alive";
    case SaliencyPreset::kPaper:
      return "paper";
    case SaliencyPreset::kCheckpoint:
      return "checkpoint";
  }
  return {};
}

SaliencyOutcome run_saliency(const SaliencyOptions& given, Log& log) {
  SaliencyOptions options = given;
  if (options.pictures && !pictures_are_drawable()) {
    log.info("no pictures: this build has no OpenCV");
    options.pictures = false;
  }
  const auto device = resolve_device(options.device);
  configure_device(device, options.threads, false);
  const auto checkpoints = load_checkpoints(options.checkpoints, device, options.type);
  const auto columns = make_columns(options, checkpoints);
  auto images = open_and_check(options, columns, device, log);

  check_holds_no_run(options.output);
  make_folder(options.output);
  const FolderLock lock(options.output);
  remove_stale_temporary_files(options.output);
  record_session(options.output, "sanas_saliency", device, 0);

  SaliencyRun run(options, images, device, log);
  LiveReport report(options.output, log);
  run.begin(columns);
  for (const auto& column : columns) {
    if (!run.add(column)) {
      break;
    }
    report.refresh();
  }
  const auto outcome = run.finish();
  report.refresh();
  say_where_the_maps_are(options, columns.size(), outcome.images, log);
  return outcome;
}

}  // namespace sanas
