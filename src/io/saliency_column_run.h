// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "saliency_columns.h"
#include "saliency_images.h"
#include "sanas/io/metrics_log.h"
#include "sanas/io/safetensors.h"

namespace sanas {

/// Height of a picture in a sheet, in pixels.
constexpr int kSheetHeight = 128;

/// What the sheets show of an image.
struct SheetRow {
  Image image, heat, mixed;
  std::string caption;
};

/// Throws FileError.
void create_folder(const std::filesystem::path& folder);

/// Makes the maps of a column and writes them.
class ColumnRun {
 public:
  /// @param meter gets the maps too, unless null.
  ColumnRun(const SaliencyOptions& options, const SaliencyColumn& column, const ImageSource& images,
            int64_t count, const torch::Device& device, ColumnMeter* meter);

  /// @param write_images whether the images themselves are written too.
  /// @return the rows of the sheets, for the first images.
  std::vector<SheetRow> run(bool write_images);

  double mean_completeness_error() const { return completeness_sum_ / static_cast<double>(count_); }
  double largest_completeness_error() const { return completeness_largest_; }

 private:
  SafetensorsStream::Shapes shapes() const;
  SaliencyBatch targets_of(const ImageBatch& images, const torch::Tensor& probabilities) const;
  void explain(const ImageBatch& images, SafetensorsStream& maps, MetricsLog& predictions,
               bool write_images);
  /// The image's line in predictions.jsonl, and its caption in the sheets.
  void describe(const MapBatch& batch, int64_t i, int64_t label, const torch::Tensor& probabilities,
                std::optional<double> error, MetricsLog& predictions);
  void draw(const MapBatch& batch, int64_t i, const Image& original, bool write_image);

  const SaliencyOptions& options_;
  const SaliencyColumn& column_;
  const ImageSource& images_;
  int64_t count_;
  torch::Device device_;
  ColumnMeter* meter_;
  std::vector<SheetRow> sheet_;
  std::string caption_;
  double completeness_sum_ = 0.0;
  double completeness_largest_ = 0.0;
};

}  // namespace sanas
