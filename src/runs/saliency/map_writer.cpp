// SPDX-License-Identifier: Apache-2.0
#include "runs/saliency/map_writer.h"

#include "report/run_files.h"
#include "sanas/files/atomic_file.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

SafetensorsStream::Shapes shapes_of(const SaliencyColumn& column, const ImageSource& images) {
  SafetensorsStream::Shapes shapes;
  const int64_t channels = column.method == SaliencyMethod::kGradCam ? 1 : 3;
  for (int64_t i = 0; i < images.size(); ++i) {
    shapes.push_back(
        {images.name(i), {channels, column.checkpoint->height(), column.checkpoint->width()}});
  }
  return shapes;
}

}  // namespace

MapWriter::MapWriter(const SaliencyColumn& column, const ImageSource& images,
                     torch::ScalarType type, std::ostream& stream)
    : predictions_(column.folder / run_files::kPredictions, false),
      maps_(stream, shapes_of(column, images), type,
            {{"method", to_string(column.method)}, {"column", column.name}}) {}

void MapWriter::write(const ExplainedImage& image) {
  maps_.write(image.name, image.values);
  predictions_.write(image.record());
}

void write_pictures(const std::filesystem::path& folder, const ExplainedImage& image,
                    const DrawnMap& drawn) {
  write_file_atomically(folder / (image.name + "_map.png"),
                        encode_png16(scale_for_display(image.map)));
  write_file_atomically(folder / (image.name + "_heat.png"), encode_png(drawn.heat));
  write_file_atomically(folder / (image.name + "_overlay.png"), encode_png(drawn.overlay));
}

}  // namespace sanas
