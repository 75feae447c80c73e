// SPDX-License-Identifier: Apache-2.0
#include "data/tiff_directory.h"

#include <algorithm>

namespace sanas {
namespace {

/// Numbers of either byte order at any place; none beyond the end.
class Numbers {
 public:
  Numbers(std::span<const uint8_t> bytes, bool big_endian)
      : bytes_(bytes), big_endian_(big_endian) {}

  std::optional<uint64_t> at(uint64_t position, size_t size) const {
    if (position > bytes_.size() || bytes_.size() - position < size) {
      return std::nullopt;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t place = big_endian_ ? i : size - 1 - i;
      number = number << 8U | bytes_[static_cast<size_t>(position) + place];
    }
    return number;
  }

 private:
  std::span<const uint8_t> bytes_;
  bool big_endian_;
};

/// Bytes of a whole number by the type of its field; 0 for other types.
size_t size_of_type(uint64_t type) {
  switch (type) {
    case 1:  // BYTE
      return 1;
    case 3:  // SHORT
      return 2;
    case 4:  // LONG
      return 4;
    case 16:  // LONG8
      return 8;
    default:
      return 0;
  }
}

/// How the fields of a directory are laid out in TIFF (42) and BigTIFF (43).
struct Layout {
  size_t first_offset;  // where the place of the first directory is kept
  size_t offset_size;
  size_t count_size;
  size_t entry_size;
};

constexpr Layout kClassic{4, 4, 2, 12};
constexpr Layout kBig{8, 8, 8, 20};

}  // namespace

std::optional<TiffDirectory> TiffDirectory::read(std::span<const uint8_t> bytes) {
  if (bytes.size() < 8 || bytes[0] != bytes[1] || (bytes[0] != 'I' && bytes[0] != 'M')) {
    return std::nullopt;
  }
  const bool big_endian = bytes[0] == 'M';
  const Numbers numbers(bytes, big_endian);
  const auto version = numbers.at(2, 2);
  if (version != 42 && version != 43) {
    return std::nullopt;
  }
  const Layout& layout = version == 42 ? kClassic : kBig;
  const auto begin = numbers.at(layout.first_offset, layout.offset_size);
  const auto count = begin ? numbers.at(*begin, layout.count_size) : std::nullopt;
  if (!count) {
    return std::nullopt;
  }
  TiffDirectory directory;
  const uint64_t most = std::min<uint64_t>(*count, bytes.size() / layout.entry_size);
  for (uint64_t i = 0; i < most; ++i) {
    const uint64_t entry = *begin + layout.count_size + i * layout.entry_size;
    const auto tag = numbers.at(entry, 2);
    const auto type = numbers.at(entry + 2, 2);
    if (!tag || !type) {
      return std::nullopt;
    }
    const size_t size = size_of_type(*type);
    const uint64_t position = entry + 4 + layout.offset_size;
    const auto value =
        size > 0 && size <= layout.offset_size ? numbers.at(position, size) : std::nullopt;
    const auto values = numbers.at(entry + 4, layout.offset_size);
    if (value && values && *values * size <= layout.offset_size && *values > 0) {
      directory.entries_.push_back({static_cast<uint16_t>(*tag), *value,
                                    static_cast<size_t>(position) + (big_endian ? size - 1 : 0)});
    }
  }
  return directory;
}

const TiffDirectory::Entry* TiffDirectory::find(Tag tag) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [tag](const Entry& entry) { return entry.tag == tag; });
  return found == entries_.end() ? nullptr : &*found;
}

std::optional<uint64_t> TiffDirectory::value(Tag tag) const {
  const Entry* entry = find(tag);
  return entry == nullptr ? std::nullopt : std::optional(entry->value);
}

std::optional<size_t> TiffDirectory::lowest_byte(Tag tag) const {
  const Entry* entry = find(tag);
  return entry == nullptr ? std::nullopt : std::optional(entry->lowest_byte);
}

}  // namespace sanas
