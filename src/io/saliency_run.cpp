// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/saliency_run.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "format.h"
#include "saliency_column_run.h"
#include "saliency_columns.h"
#include "saliency_manifest.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/folder_lock.h"
#include "sanas/io/report.h"
#include "sanas/io/saliency_tables.h"
#include "sanas/io/session_record.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

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

void write_comparison_sheet(const fs::path& folder, const std::vector<SaliencyColumn>& columns,
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

void write_manifest(const SaliencyOptions& options, const std::vector<SaliencyColumn>& columns,
                    const ImageSource& images, int64_t count) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) {
    names.push_back(images.name(i));
  }
  write_file_atomically(options.output / "saliency.json",
                        describe_saliency(options, columns, names)
                                .dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
                            "\n");
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

  check_holds_no_run(options.output);
  create_folder(options.output);
  const FolderLock lock(options.output);
  write_manifest(options, columns, *images, count);
  record_session(options.output, "sanas_saliency", device, 0);
  std::vector<std::vector<SheetRow>> sheets;
  std::vector<ColumnScores> scores;
  for (const auto& column : columns) {
    if (!sheets.empty()) {  // of the columns before
      write_report({options.output}, options.output / "report.html");
    }
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
  if (options.metrics) {
    write_scores(options.output, scores, options.seed);
  }
  write_report({options.output}, options.output / "report.html");
  log.info("Saliency maps of " + std::to_string(count) + " images: " + options.output.string() +
           (columns.size() > 1 ? " (comparison_sheet.png" : " (contact_sheet.png") +
           " shows the first ones)");
}

}  // namespace sanas
