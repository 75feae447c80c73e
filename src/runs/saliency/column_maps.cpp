// SPDX-License-Identifier: Apache-2.0
#include "runs/saliency/column_maps.h"

#include <algorithm>
#include <utility>

#include "files/folders.h"
#include "runs/saliency/map_writer.h"
#include "sanas/core/phase.h"
#include "sanas/files/atomic_file.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {

void ColumnResult::add(const ExplainedImage& image) {
  images.push_back(image.name);
  cropped += image.geometry.sees_everything() ? 0 : 1;
  if (image.completeness_error) {
    completeness_error_sum += *image.completeness_error;
    largest_completeness_error = std::max(largest_completeness_error, *image.completeness_error);
  }
}

ColumnResult make_column_maps(const SaliencyColumn& column, const ColumnInput& input,
                              const std::optional<PictureOptions>& pictures, MapMeter* meter,
                              PhaseObserver& observer) {
  make_folder(column.folder);
  remove_stale_temporary_files(column.folder);
  ColumnResult result;
  const auto draw = [&](const ExplainedImage& image, const Image& original) {
    const auto drawn = draw_map(original, image.map, image.geometry, pictures->display);
    write_pictures(column.folder, image, drawn);
    if (!pictures->images.empty()) {
      write_file_atomically(pictures->images / (image.name + "_image.png"), encode_png(original));
    }
    result.sheet.add(drawn, image.caption());
  };
  const auto make = [&](MapWriter& writer) {
    Phase phase(observer, column.name, input.images.size());
    ImageBatches batches(input.images, *column.checkpoint, input.device, input.type,
                         input.memory_limit, input.unreadable);
    int64_t done = 0;
    for (ImageBatch batch; batches.next(batch);) {
      const auto explained =
          explain_batch(column, batch, input.images, static_cast<int64_t>(result.images.size()));
      for (size_t i = 0; i < explained.images.size(); ++i) {
        writer.write(explained.images[i]);
        if (pictures) {
          draw(explained.images[i], batch.originals[i]);
        }
        result.add(explained.images[i]);
      }
      if (meter != nullptr) {
        meter->add(explained.maps);
      }
      phase.advance(batches.position() - std::exchange(done, batches.position()));
    }
  };
  write_file_atomically(column.folder / "maps.safetensors", [&](std::ostream& stream) {
    MapWriter writer(column, input.images, input.type, stream);
    try {
      make(writer);
    } catch (const Interrupted&) {  // between two batches: what is written is whole
      result.interrupted = true;
    }
    writer.finish();
  });
  return result;
}

}  // namespace sanas
