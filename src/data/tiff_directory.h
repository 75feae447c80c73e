// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sanas {

/// The first directory of a TIFF file, or of an EXIF block, which is one: numbers by tag.
class TiffDirectory {
 public:
  enum Tag : uint16_t {
    kWidth = 256,
    kHeight = 257,
    kOrientation = 274,
    kTileWidth = 322,
    kTileHeight = 323,
    kExtraSamples = 338,
    kSampleFormat = 339,
  };

  /// Empty where the bytes don't begin like such a file, or end too early.
  static std::optional<TiffDirectory> read(std::span<const uint8_t> bytes);

  /// The first value of a tag; empty where there is none, or it is no whole number that lies in the
  /// directory itself.
  std::optional<uint64_t> value(Tag tag) const;

  /// Where the lowest byte of that value lies.
  std::optional<size_t> lowest_byte(Tag tag) const;

 private:
  struct Entry {
    uint16_t tag;
    uint64_t value;
    size_t lowest_byte;
  };

  const Entry* find(Tag tag) const;

  std::vector<Entry> entries_;
};

}  // namespace sanas
