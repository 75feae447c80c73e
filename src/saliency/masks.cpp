// SPDX-License-Identifier: Apache-2.0
#include "saliency/masks.h"

#include "data/image_codec.h"
#include "files/folders.h"
#include "sanas/core/error.h"
#include "sanas/core/phase.h"
#include "sanas/core/signals.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

fs::path mask_of(const fs::path& image, const fs::path& folder) {
  for (const char* extension :
       {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".pgm", ".ppm"}) {
    const fs::path file = folder / (image.stem().string() + extension);
    if (is_file(file)) {
      return file;
    }
  }
  throw DataError(folder.string() + ": no mask for " + image.string() + "; expected " +
                  image.stem().string() + ".png");
}

std::string size_text(int64_t height, int64_t width) {
  return std::to_string(width) + "×" + std::to_string(height);
}

}  // namespace

std::vector<fs::path> find_masks(const ImageSource& images, const fs::path& folder,
                                 UnreadableImages& unreadable) {
  if (!fs::is_directory(folder)) {
    throw DataError(folder.string() + ": no folder of masks");
  }
  std::vector<fs::path> masks;
  for (int64_t i = 0; i < images.size(); ++i) {
    const fs::path file = images.file(i);
    if (file.empty()) {
      throw ConfigError("--masks needs --images with a file or a folder, not a data set");
    }
    if (ScopedSignals::stop_requested()) {
      throw Interrupted();
    }
    Image image;
    try {
      image = images.image(i);
    } catch (const DataError& error) {
      unreadable.add(i, error.what());
      masks.emplace_back();
      continue;
    }
    masks.push_back(mask_of(file, folder));
    const auto mask = read_mask(masks.back());
    if (mask.size(0) != image.height || mask.size(1) != image.width) {
      throw DataError(masks.back().string() + ": a mask of " +
                      size_text(mask.size(0), mask.size(1)) + " pixels for an image of " +
                      size_text(image.height, image.width) + " (" + file.string() + ")");
    }
  }
  return masks;
}

torch::Tensor read_mask(const fs::path& file) {
  constexpr uint8_t kWhite = 128;
  const Image image = decode_image(file);
  auto mask = torch::empty({image.height, image.width}, torch::kBool);
  bool* inside = mask.mutable_data_ptr<bool>();
  for (int64_t i = 0; i < mask.numel(); ++i) {
    inside[i] = image.pixels[static_cast<size_t>(i) * 3] >= kWhite;
  }
  const auto size = mask.sum().item<int64_t>();
  if (size == 0 || size == mask.numel()) {
    throw DataError(file.string() + ": a mask that is all " + (size == 0 ? "black" : "white") +
                    "; expected white where the object is");
  }
  return mask;
}

}  // namespace sanas
