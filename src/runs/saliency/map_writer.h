// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <ostream>

#include "formats/json_lines.h"
#include "runs/saliency/drawn_map.h"
#include "runs/saliency/explained_image.h"
#include "sanas/formats/safetensors.h"

namespace sanas {

/// Writes what a column says about images, one after the other: maps.safetensors and
/// predictions.jsonl.
class MapWriter {
 public:
  /// @param stream of maps.safetensors, at its beginning.
  MapWriter(const SaliencyColumn& column, const ImageSource& images, torch::ScalarType type,
            std::ostream& stream);

  /// Images come in the order of their source; those that can't be read are left out.
  void write(const ExplainedImage& image);

  /// Has to come last.
  void finish() { maps_.finish(); }

 private:
  JsonLinesFile predictions_;
  SafetensorsStream maps_;
};

/// Writes NAME_map.png, the map in 16 bits as the network sees the image, NAME_heat.png and
/// NAME_overlay.png.
void write_pictures(const std::filesystem::path& folder, const ExplainedImage& image,
                    const DrawnMap& drawn);

}  // namespace sanas
