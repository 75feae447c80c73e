// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/saliency_run.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "format.h"
#include "saliency_column_run.h"
#include "saliency_columns.h"
#include "saliency_manifest.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/phase.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/folder_lock.h"
#include "sanas/io/phase_display.h"
#include "sanas/io/report.h"
#include "sanas/io/saliency_tables.h"
#include "sanas/io/session_record.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

void write_contact_sheet(const fs::path& folder, const std::vector<SheetRow>& sheet) {
  if (sheet.empty()) {
    return;
  }
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

/// Of the images that every column has.
void write_comparison_sheet(const fs::path& folder, const std::vector<SaliencyColumn>& columns,
                            const std::vector<std::vector<SheetRow>>& sheets) {
  size_t count = sheets.empty() ? 0 : sheets.front().size();
  for (const auto& sheet : sheets) {
    count = std::min(count, sheet.size());
  }
  if (count == 0 || sheets.size() < 2) {
    return;
  }
  std::vector<std::string> headings{"image"};
  std::vector<std::vector<Image>> rows(count);
  for (size_t r = 0; r < count; ++r) {
    rows[r].push_back(sheets.front()[r].image);
  }
  for (size_t c = 0; c < sheets.size(); ++c) {
    headings.push_back(columns[c].name);
    for (size_t r = 0; r < count; ++r) {
      rows[r].push_back(sheets[c][r].heat);
    }
  }
  write_file_atomically(folder / "comparison_sheet.png",
                        encode_png(contact_sheet(rows, headings, kSheetHeight)));
}

void write_manifest(const SaliencyOptions& options, const SaliencyContent& content) {
  write_file_atomically(options.output / "saliency.json",
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

/// Makes maps as the column does.
MapMaker map_maker(const SaliencyColumn& column, const SaliencyOptions& options) {
  return [&](const ExplainedNetwork& network, const SaliencyBatch& batch, uint64_t seed) {
    const auto values = make_maps(network, batch, column.method, column.options, seed).values;
    return reduce_color(values.to(torch::kCPU), options.display.reduction).to(torch::kDouble);
  };
}

/// Maps may be made anew over old ones, but not among the files of a search or training.
void check_holds_no_run(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "config.yaml", error)) {
    throw FileError(folder.string() +
                    ": holds a run; choose another --output, or a folder in it, for its maps");
  }
}

/// The report is about the maps; that it fails doesn't cost them.
void report(const fs::path& folder, Log& log) {
  try {
    write_report({folder}, folder / "report.html");
  } catch (const std::exception& error) {
    log.warn(std::string("warning: the report could not be made: ") + error.what());
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

/// Makes all columns, one after the other, into a folder.
class SaliencyRun {
 public:
  SaliencyRun(const SaliencyOptions& options, const std::vector<SaliencyColumn>& columns,
              const ImageSource& images, std::vector<fs::path> masks, const torch::Device& device,
              UnreadableImages& unreadable, Log& log)
      : options_(options),
        columns_(columns),
        images_(images),
        masks_(std::move(masks)),
        device_(device),
        unreadable_(unreadable),
        phases_(progress_options(options.quiet, log)),
        log_(log) {}

  SaliencyOutcome run() {
    content_.images = names_of(images_);
    write_manifest(options_, {columns_, content_.images, {}, false});  // what it will hold
    for (const auto& column : columns_) {
      add(column);
      if (content_.interrupted) {
        break;
      }
      report(options_.output, log_);
    }
    return finish();
  }

 private:
  void add(const SaliencyColumn& column) {
    std::optional<ColumnMeter> meter;
    if (options_.metrics) {
      meter.emplace(column.name, column.file, column.checkpoint->network, *options_.metrics, masks_,
                    map_maker(column, options_), options_.seed, phases_);
    }
    const bool is_first = content_.columns.empty();
    ColumnRun run(options_, column, images_, device_, meter ? &*meter : nullptr, unreadable_,
                  phases_);
    ColumnResult result = run.run(/*write_images=*/is_first);
    content_.interrupted = result.interrupted;
    if (result.images.empty()) {
      return;
    }
    write_contact_sheet(column.folder, result.sheet);
    say_what_was_found(column, result, is_first);
    content_.columns.push_back(column);
    content_.images = std::move(result.images);
    sheets_.push_back(std::move(result.sheet));
    if (meter && !content_.interrupted) {
      measure(*meter);
    }
  }

  void say_what_was_found(const SaliencyColumn& column, const ColumnResult& result, bool is_first) {
    const auto count = static_cast<double>(result.images.size());
    if (is_first && result.cropped > 0) {
      log_.info(
          format("%lld of %zu images are seen in part, as in a test of the network (the rest "
                 "is striped): %s",
                 static_cast<long long>(result.cropped), result.images.size(),
                 column.checkpoint->preparation->description().c_str()));
    }
    if (column.method == SaliencyMethod::kIntegratedGradients) {
      log_.info(format("%s: completeness error %.3g on average, %.3g at most", column.name.c_str(),
                       result.completeness_error_sum / count, result.largest_completeness_error));
    }
  }

  void measure(ColumnMeter& meter) {
    try {
      scores_.push_back(meter.finish(device_, options_.type));
    } catch (const Interrupted&) {
      content_.interrupted = true;
    }
  }

  SaliencyOutcome finish() {
    for (const auto& [index, why] : unreadable_.all()) {
      content_.unreadable.emplace_back(images_.name(index), why);
    }
    if (content_.columns.empty()) {
      content_.images.clear();
    }
    write_manifest(options_, content_);
    write_comparison_sheet(options_.output, content_.columns, sheets_);
    const std::string metrics =
        scores_.empty() ? "" : write_scores(options_.output, scores_, options_.seed);
    report(options_.output, log_);
    const bool has_sheet = options_.pictures && !content_.images.empty();
    const char* sheet = !has_sheet            ? ""
                        : columns_.size() > 1 ? " (comparison_sheet.png shows the first ones)"
                                              : " (contact_sheet.png shows the first ones)";
    log_.info("Saliency maps of " + std::to_string(content_.images.size()) +
              " images: " + options_.output.string() + sheet);
    return {static_cast<int64_t>(content_.images.size()),
            static_cast<int64_t>(content_.unreadable.size()),
            content_.unreadable.empty() ? "" : content_.unreadable.front().second,
            content_.interrupted, metrics};
  }

  const SaliencyOptions& options_;
  const std::vector<SaliencyColumn>& columns_;
  const ImageSource& images_;
  std::vector<fs::path> masks_;
  torch::Device device_;
  UnreadableImages& unreadable_;
  PhaseDisplay phases_;
  Log& log_;
  SaliencyContent content_;
  std::vector<std::vector<SheetRow>> sheets_;
  std::vector<ColumnScores> scores_;
};

}  // namespace

SaliencyOutcome run_saliency(const SaliencyOptions& given, Log& log) {
  SaliencyOptions options = given;
  if (options.pictures && !pictures_are_drawable()) {
    log.info("no pictures: this build has no OpenCV");
    options.pictures = false;
  }
  const auto device = resolve_device(options.device);
  configure_device(device, options.threads, false);
  const auto checkpoints = load_checkpoints(options, device);
  const auto columns = make_columns(options, checkpoints);
  Config config = checkpoints.front().checkpoint.info.config;
  if (!options.data.empty()) {
    config.dataset.source.root = options.data;
  }
  const auto images = open_images(options.images, config, options.count, log);
  for (const auto& column : columns) {  // before anything is written
    check_labels({images->label(0).value_or(-1)}, column, options.target);
  }
  UnreadableImages unreadable(options.on_bad_image, log);
  check_any_is_readable(*images, unreadable);
  std::vector<fs::path> masks;
  if (options.metrics) {
    check_comparable(options.metrics->random_labels, columns, device, options.type);
    check_comparable(options.metrics->other_seed, columns, device, options.type);
    if (!options.metrics->masks.empty()) {
      masks = find_masks(*images, options.metrics->masks, unreadable);
    }
  }

  check_holds_no_run(options.output);
  create_folder(options.output);
  const FolderLock lock(options.output);
  remove_stale_temporary_files(options.output);
  record_session(options.output, "sanas_saliency", device, 0);
  return SaliencyRun(options, columns, *images, std::move(masks), device, unreadable, log).run();
}

}  // namespace sanas
