// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sanas {

/// Appends the lowest `size` bytes of `value`, the lowest first.
inline void append_little_endian(std::string& bytes, uint64_t value, int size) {
  for (int i = 0; i < size; ++i) {
    bytes += static_cast<char>(value >> (8U * static_cast<unsigned>(i)));
  }
}

/// One protocol-buffers message, field by field. Debian's library is out of reach in a file that
/// includes LibTorch, whose folder of headers holds a part of another version of it.
class ProtobufMessage {
 public:
  void add_integer(uint32_t field, uint64_t value) {
    add_key(field, kVarint);
    add_varint(value);
  }
  void add_float(uint32_t field, float value) {
    add_key(field, kFixed32);
    append_little_endian(bytes_, std::bit_cast<uint32_t>(value), 4);
  }
  void add_double(uint32_t field, double value) {
    add_key(field, kFixed64);
    append_little_endian(bytes_, std::bit_cast<uint64_t>(value), 8);
  }
  /// Texts, bytes and messages within this one.
  void add_bytes(uint32_t field, std::string_view bytes) {
    add_key(field, kLengthDelimited);
    add_varint(bytes.size());
    bytes_ += bytes;
  }
  void add_doubles(uint32_t field, const std::vector<double>& values) {
    add_key(field, kLengthDelimited);
    add_varint(8 * values.size());
    for (const double value : values) {
      append_little_endian(bytes_, std::bit_cast<uint64_t>(value), 8);
    }
  }

  const std::string& bytes() const { return bytes_; }

 private:
  enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

  void add_key(uint32_t field, WireType type) { add_varint(field << 3U | type); }
  void add_varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7U) {
      bytes_ += static_cast<char>(value | 0x80U);
    }
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace sanas
