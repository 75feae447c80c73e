// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"
#include "sanas/core/error.h"
#include "sanas/report/rating_sheet.h"
#include "sanas/saliency/heat_map.h"

/// The saliency.json of a folder of maps is refused, or becomes a page of what lies in the folder.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const fuzz::MemoryFolder folder;
  static const bool once = [] {
    folder.write("a_image.png", encode_png(Image(1, 1, 3)));
    folder.write("a_heat.png", encode_png(Image(1, 1, 3)));
    return true;
  }();
  fuzz::require(once);
  folder.write("saliency.json", fuzz::text_of(data, size));
  try {
    fuzz::require(!rating_sheet_html({.maps = folder.path()}).empty());
  } catch (const FileError&) {
    return 0;
  } catch (const DataError&) {
    return 0;
  }
  return 0;
}
