// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runs/saliency/contact_sheets.h"
#include "runs/saliency/explained_image.h"

namespace sanas {

/// The images of a run, and how its networks are given them.
struct ColumnInput {
  const ImageSource& images;
  UnreadableImages& unreadable;
  torch::Device device;
  torch::ScalarType type;
  /// Bytes that a batch may take, about.
  int64_t memory_limit;
};

/// The pictures that are made of a column's maps.
struct PictureOptions {
  SaliencyDisplay display;
  /// Folder for the images themselves; empty: they are not written.
  std::filesystem::path images;
};

/// What a column has got.
struct ColumnResult {
  /// Names of the images that have maps.
  std::vector<std::string> images;
  /// Empty where no pictures are made.
  ContactSheet sheet;
  /// Images of which the network does not see everything.
  int64_t cropped = 0;
  /// Of integrated gradients, over all images.
  double completeness_error_sum = 0.0;
  double largest_completeness_error = 0.0;
  /// A signal came. Everything above is whole all the same.
  bool interrupted = false;

  void add(const ExplainedImage& image);
};

/// Makes the maps of a column and writes its folder: maps.safetensors, predictions.jsonl and, with
/// `pictures`, three of each image.
/// @param meter gets the maps too, unless null.
/// @param observer of a phase of the column's name, an image each part.
/// Throws ConfigError for labels that don't fit the column, FileError.
ColumnResult make_column_maps(const SaliencyColumn& column, const ColumnInput& input,
                              const std::optional<PictureOptions>& pictures, MapMeter* meter,
                              PhaseObserver& observer);

}  // namespace sanas
