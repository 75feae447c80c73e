// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sanas {

/// The key of the checksum in the metadata of a safetensors file, which other readers pass over.
/// Its value is "crc32:" and eight hexadecimal digits: the CRC-32 of the whole file with zeros in
/// the place of these digits. Any change within four successive bytes is found for certain.
constexpr const char* kChecksumKey = "sanas.checksum";
constexpr std::string_view kEmptyChecksum = "crc32:00000000";

/// Takes the checksum of a file piece by piece.
class SafetensorsChecksum {
 public:
  /// Begins with the length of `header` and the header itself.
  explicit SafetensorsChecksum(std::string header);

  /// The data, in order.
  void add(const void* data, size_t bytes);

  /// The header with the checksum's digits in their place. `header` has to have the key.
  std::string signed_header() const;

  /// Whether the digits of the header that it began with are right.
  bool is_right() const;

 private:
  std::string header_;
  size_t digits_at_;
  std::string found_;
  uint32_t sum_;
};

}  // namespace sanas
