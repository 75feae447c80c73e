// SPDX-License-Identifier: Apache-2.0
#include "data/search_subset.h"
#include "fuzz_support.h"
#include "sanas/core/error.h"

namespace {

/// Four images of two classes.
class Four : public sanas::Dataset {
 public:
  Four() {
    info_.name = "four";
    info_.classes = {"a", "b"};
  }
  int64_t size() const override { return 4; }
  sanas::Image image(int64_t /*index*/, int64_t /*short_side*/) const override { return {}; }
  int64_t label(int64_t index) const override { return index / 2; }
  const sanas::DatasetInfo& info() const override { return info_; }

 private:
  sanas::DatasetInfo info_;
};

}  // namespace

/// A list of the samples of a search is refused, or its samples are there.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  static const fuzz::MemoryFile file;
  static const Four images;
  try {
    const SearchSubset subset = read_search_subset(file.path_of(data, size), images);
    for (const auto& indices : {subset.train, subset.validation}) {
      fuzz::require(!indices.empty());
      for (const int64_t index : indices) {
        fuzz::require(index >= 0 && index < 4);
      }
    }
  } catch (const FileError&) {
    return 0;
  } catch (const DataError&) {
    return 0;
  }
  return 0;
}
