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

/// What a column has got.
struct ColumnResult {
  /// Names of the images that have maps.
  std::vector<std::string> images;
  /// Of the first of them, unless no pictures are made.
  std::vector<SheetRow> sheet;
  /// Images of which the network does not see everything.
  int64_t cropped = 0;
  /// Of integrated gradients, over all images.
  double completeness_error_sum = 0.0;
  double largest_completeness_error = 0.0;
  /// A signal came. Everything above is whole all the same.
  bool interrupted = false;
};

/// Throws FileError.
void create_folder(const std::filesystem::path& folder);

/// Makes the maps of a column and writes them.
class ColumnRun {
 public:
  /// @param meter gets the maps too, unless null.
  /// @param observer of a phase of the column's name, an image each part.
  ColumnRun(const SaliencyOptions& options, const SaliencyColumn& column, const ImageSource& images,
            const torch::Device& device, ColumnMeter* meter, UnreadableImages& unreadable,
            PhaseObserver& observer);

  /// @param write_images whether the images themselves are written too.
  ColumnResult run(bool write_images);

 private:
  SafetensorsStream::Shapes shapes() const;
  SaliencyBatch targets_of(const ImageBatch& images, const torch::Tensor& probabilities) const;
  void explain(const ImageBatch& images, SafetensorsStream& maps, MetricsLog& predictions,
               bool write_images);
  /// Writes the image's line in predictions.jsonl. Returns its caption in the sheets.
  std::string describe(const MapBatch& batch, int64_t i, const ImageBatch& images,
                       const torch::Tensor& probabilities, std::optional<double> error,
                       MetricsLog& predictions);
  void draw(const MapBatch& batch, int64_t i, const Image& original, const std::string& caption,
            bool write_image);

  const SaliencyOptions& options_;
  const SaliencyColumn& column_;
  const ImageSource& images_;
  torch::Device device_;
  ColumnMeter* meter_;
  UnreadableImages& unreadable_;
  PhaseObserver& observer_;
  ColumnResult result_;
};

}  // namespace sanas
