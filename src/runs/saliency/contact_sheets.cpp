// SPDX-License-Identifier: Apache-2.0
#include "runs/saliency/contact_sheets.h"

#include <algorithm>

#include "report/run_files.h"
#include "sanas/files/atomic_file.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostRows = 16;
constexpr int kHeight = 128;  // of a picture, in pixels

/// A sheet of photographs would keep them all.
Image fit(const Image& image, int width) {
  return image.height > kHeight ? resize_image(image, kHeight, width) : image;
}

}  // namespace

void ContactSheet::add(const DrawnMap& drawn, const std::string& caption) {
  if (rows_.size() < kMostRows) {
    const int width = tile_width(drawn.image, kHeight);
    rows_.push_back(
        {fit(drawn.image, width), fit(drawn.heat, width), fit(drawn.overlay, width), caption});
  }
}

void ContactSheet::write(const fs::path& folder) const {
  if (rows_.empty()) {
    return;
  }
  std::vector<std::vector<Image>> pictures;
  std::vector<std::string> captions;
  for (const auto& row : rows_) {
    pictures.push_back({row.image, row.heat, row.overlay});
    captions.push_back(row.caption);
  }
  write_file_atomically(
      folder / run_files::kContactSheet,
      encode_png(contact_sheet(pictures, {"image", "saliency", "overlay"}, kHeight, captions)));
}

void write_comparison_sheet(const fs::path& folder, const std::vector<std::string>& names,
                            const std::vector<ContactSheet>& sheets) {
  size_t count = sheets.empty() ? 0 : sheets.front().rows().size();
  for (const auto& sheet : sheets) {
    count = std::min(count, sheet.rows().size());
  }
  if (count == 0 || sheets.size() < 2) {
    return;
  }
  std::vector<std::string> headings{"image"};
  std::vector<std::vector<Image>> pictures(count);
  for (size_t r = 0; r < count; ++r) {
    pictures[r].push_back(sheets.front().rows()[r].image);
  }
  for (size_t c = 0; c < sheets.size(); ++c) {
    headings.push_back(names[c]);
    for (size_t r = 0; r < count; ++r) {
      pictures[r].push_back(sheets[c].rows()[r].heat);
    }
  }
  write_file_atomically(folder / "comparison_sheet.png",
                        encode_png(contact_sheet(pictures, headings, kHeight)));
}

}  // namespace sanas
