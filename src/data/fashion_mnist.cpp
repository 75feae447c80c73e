// SPDX-License-Identifier: Apache-2.0
#include "data/fashion_mnist.h"

#include <zlib.h>

#include <algorithm>
#include <optional>

#include "sanas/core/error.h"
#include "sanas/core/paths.h"
#include "sanas/data/dataset_facts.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 28;
constexpr int64_t kImageBytes = kSide * kSide;
constexpr int64_t kMaxCount = 1'000'000;   // of images; the largest official file has 60,000
constexpr uint32_t kUnsignedBytes = 0x08;  // the IDX code of the element type

// A file behind zlib, which reads plain files as they are.
class GzipReader {
 public:
  explicit GzipReader(const fs::path& file)
      : name_(file.string()), file_(gzopen(file.c_str(), "rb"), gzclose) {
    if (!file_) {
      throw DataError(name_ + ": cannot be opened");
    }
    gzbuffer(file_.get(), 1 << 17);
  }

  // Up to `size` bytes; fewer at the end of the file only.
  int64_t read(uint8_t* out, int64_t size) {
    const int got = gzread(file_.get(), out, static_cast<unsigned>(size));
    int status = Z_OK;
    gzerror(file_.get(), &status);
    if (got < 0 || (status != Z_OK && status != Z_STREAM_END)) {
      throw DataError(name_ + ": damaged or truncated");
    }
    return got;
  }

  uint32_t read_big_endian() {
    uint8_t bytes[4];
    if (read(bytes, 4) != 4) {
      throw DataError(name_ + ": ends inside of the IDX header");
    }
    return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
  }

 private:
  std::string name_;
  std::unique_ptr<gzFile_s, decltype(&gzclose)> file_;
};

// Reads the header and returns how many bytes must follow.
int64_t read_idx_header(GzipReader& reader, const std::string& name,
                        const std::vector<int64_t>& shape) {
  const uint32_t magic = reader.read_big_endian();
  const uint32_t expected_magic = kUnsignedBytes << 8 | static_cast<uint32_t>(shape.size());
  if (magic != expected_magic) {
    throw DataError(name + ": no IDX file of bytes with " + std::to_string(shape.size()) +
                    " dimensions (magic number " + std::to_string(magic) + ", not " +
                    std::to_string(expected_magic) + ")");
  }
  int64_t bytes = 1;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    const int64_t extent = reader.read_big_endian();
    const bool fits = shape[axis] < 0 ? extent >= 1 && extent <= kMaxCount : extent == shape[axis];
    if (!fits) {
      throw DataError(
          name + ": dimension " + std::to_string(axis) + " is " + std::to_string(extent) +
          " and should be " +
          (shape[axis] < 0 ? "1 to " + std::to_string(kMaxCount) : std::to_string(shape[axis])));
    }
    bytes *= extent;
  }
  return bytes;
}

std::string file_stem(Split split, bool images) {
  return std::string(split == Split::kTrain ? "train" : "t10k") +
         (images ? "-images-idx3-ubyte" : "-labels-idx1-ubyte");
}

std::optional<fs::path> find_in(const fs::path& folder, const std::string& stem) {
  for (const char* extension : {".gz", ""}) {
    if (name_exists(folder / (stem + extension))) {
      return folder / (stem + extension);
    }
  }
  return std::nullopt;
}

bool has_any_file(const fs::path& folder) {
  for (const Split split : {Split::kTrain, Split::kTest}) {
    if (find_in(folder, file_stem(split, true)) || find_in(folder, file_stem(split, false))) {
      return true;
    }
  }
  return false;
}

// Both parts and their labels come from this folder, and from no other.
fs::path find_place(const fs::path& root) {
  std::vector<fs::path> places{root, root / "fashion-mnist", root / "FashionMNIST" / "raw"};
  if (root == kDefaultDataRoot) {  // nobody named another place
    places.emplace_back(kDebianFashionMnist);
  }
  std::string tried;
  for (const fs::path& place : places) {
    if (has_any_file(place)) {
      return place;
    }
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  const bool is_installed = has_any_file(kDebianFashionMnist);
  throw DataError("fashion_mnist: no " + file_stem(Split::kTrain, true) + "[.gz] in " + tried +
                  (is_installed ? std::string("; it is installed in ") + kDebianFashionMnist : ""));
}

fs::path required_file(const fs::path& place, const std::string& stem) {
  if (const auto file = find_in(place, stem)) {
    return *file;
  }
  throw DataError((place / stem).string() + "[.gz]: missing, though other files of fashion_mnist " +
                  "are there; all of them must be in one folder");
}

}  // namespace

std::vector<uint8_t> read_idx(const fs::path& file, const std::vector<int64_t>& shape) {
  if (!fs::is_regular_file(file)) {
    throw DataError(file.string() + ": missing");
  }
  GzipReader reader(file);
  const int64_t expected = read_idx_header(reader, file.string(), shape);
  constexpr int64_t kBlock = 1 << 16;
  std::vector<uint8_t> content;
  int64_t got = 0;
  do {  // one byte more than expected, to see the end
    const auto size = static_cast<int64_t>(content.size());
    const int64_t wanted = std::min(kBlock, expected + 1 - size);
    content.resize(static_cast<size_t>(size + wanted));
    got = wanted > 0 ? reader.read(content.data() + size, wanted) : 0;
    content.resize(static_cast<size_t>(size + got));
  } while (got > 0);
  if (static_cast<int64_t>(content.size()) != expected) {
    throw DataError(file.string() + ": " +
                    (static_cast<int64_t>(content.size()) < expected ? "fewer" : "more") +
                    " bytes than the " + std::to_string(expected) + " that its header announces");
  }
  return content;
}

FashionMnist::FashionMnist(const fs::path& root, Split split, bool pad_to_32) {
  info_.name = "fashion_mnist";
  info_.classes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                   "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  info_.mean = dataset_facts("fashion_mnist").mean;
  info_.std = dataset_facts("fashion_mnist").std;
  info_.height = info_.width = pad_to_32 ? 32 : kSide;

  const fs::path place = find_place(root);
  info_.place = place.string();
  const fs::path images_file = required_file(place, file_stem(split, true));
  const fs::path labels_file = required_file(place, file_stem(split, false));
  labels_ = read_idx(labels_file, {-1});
  const auto wrong = std::find_if(labels_.begin(), labels_.end(),
                                  [&](uint8_t label) { return label >= info_.classes.size(); });
  if (wrong != labels_.end()) {
    throw DataError(labels_file.string() + ": record " +
                    std::to_string(std::distance(labels_.begin(), wrong)) + " has label " +
                    std::to_string(*wrong) + ", not below 10");
  }
  pixels_ = read_idx(images_file, {size(), kSide, kSide});
}

Image FashionMnist::image(int64_t index, int64_t /*short_side*/) const {
  const int frame = static_cast<int>(info_.height - kSide) / 2;
  Image image(static_cast<int>(info_.height), static_cast<int>(info_.width), 3);
  const uint8_t* source = pixels_.data() + index * kImageBytes;
  for (int y = 0; y < kSide; ++y) {
    uint8_t* out = image.row(y + frame) + static_cast<ptrdiff_t>(3) * frame;
    for (int x = 0; x < kSide; ++x, ++source, out += 3) {
      out[0] = out[1] = out[2] = *source;
    }
  }
  return image;
}

std::unique_ptr<Dataset> open_fashion_mnist(const DatasetOptions& options, Split split) {
  return std::make_unique<FashionMnist>(options.root, split, options.pad_to_32);
}

}  // namespace sanas
