// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/rating_sheet.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/format.h"
#include "core/hash.h"
#include "data/image_codec.h"
#include "report/html.h"
#include "report/ratings/rating_page.h"
#include "report/saliency_manifest.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/saliency/heat_map.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

std::string to_hex(const std::string& text) {
  std::string hex;
  for (const char c : text) {
    hex += format("%02x", static_cast<unsigned>(static_cast<uint8_t>(c)));
  }
  return hex;
}

/// To tell sheets apart.
uint64_t hash(uint64_t seed, const std::string& bytes) { return fnv1a(bytes, seed ^ kFnvBasis); }

/// A picture at a size that a page needs, as the value of a `src` attribute. What is so small that
/// its pixels show stays exact.
std::string picture(const fs::path& file) {
  constexpr int kLongestSide = 360;
  constexpr int kSmall = 128;
  const Image image = decode_image(file);
  const int side = std::max(image.height, image.width);
  if (side <= kSmall) {
    return data_uri("image/png", encode_png(image));
  }
  const Image fitted = side <= kLongestSide
                           ? image
                           : resize_image(image, std::max(1, image.height * kLongestSide / side),
                                          std::max(1, image.width * kLongestSide / side));
  return data_uri("image/jpeg", encode_jpeg(fitted));
}

}  // namespace

std::string rating_sheet_html(const RatingSheetOptions& options) {
  const SaliencyManifest folder = read_saliency_manifest(options.maps);
  const size_t count =
      options.count > 0 ? std::min<size_t>(static_cast<size_t>(options.count), folder.images.size())
                        : folder.images.size();
  if (count == 0 || folder.columns.empty()) {
    throw FileError(options.maps.string() + ": holds no maps");
  }
  const auto total = static_cast<int64_t>(count * folder.columns.size());
  const FrozenRandomness frozen(options.seed);
  const auto order = torch::randperm(total, torch::kInt64);
  ordered_json images = ordered_json::array();
  for (size_t i = 0; i < count; ++i) {
    images.push_back(picture(options.maps / (folder.images[i] + "_image.png")));
  }
  ordered_json items = ordered_json::array();
  ordered_json key = ordered_json::array();
  for (int64_t k = 0; k < total; ++k) {
    const auto item = static_cast<size_t>(order[k].item<int64_t>());
    const size_t image = item % count;
    const auto& column = folder.columns[item / count];
    const auto heat = options.maps / column.folder / (folder.images[image] + "_heat.png");
    items.push_back({{"image", image}, {"heat", picture(heat)}});
    key.push_back({folder.images[image], column.name});
  }
  const std::string key_text = key.dump(-1, ' ', true, ordered_json::error_handler_t::replace);
  const uint64_t id = hash(hash(hash(options.seed, key_text), images.dump()), items.dump());
  const ordered_json sheet{{"sheet", format("%016llx", static_cast<unsigned long long>(id))},
                           {"key", to_hex(key_text)},
                           {"images", images},
                           {"items", items}};
  return rating_page(
      inside_script(sheet.dump(-1, ' ', true, ordered_json::error_handler_t::replace)));
}

}  // namespace sanas
