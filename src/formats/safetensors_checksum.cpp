// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors_checksum.h"

#include <torch/types.h>
#include <zlib.h>

#include <array>
#include <cstdio>

namespace sanas {
namespace {

constexpr size_t kDigits = 8;

/// The byte after the last quotation mark of `"sanas.checksum":"crc32:`. Quotation marks inside of
/// JSON texts are escaped, so that this can stand at one place only.
size_t find_digits(const std::string& header) {
  const std::string before = std::string("\"") + kChecksumKey + "\":\"" +
                             std::string(kEmptyChecksum.substr(0, kEmptyChecksum.size() - kDigits));
  const size_t found = header.find(before);
  const size_t at = found == std::string::npos ? header.size() : found + before.size();
  return at + kDigits < header.size() ? at : std::string::npos;
}

std::string hexadecimal(uint32_t number) {
  std::array<char, kDigits + 1> text{};
  std::snprintf(text.data(), text.size(), "%08x", number);
  return text.data();
}

}  // namespace

SafetensorsChecksum::SafetensorsChecksum(std::string header)
    : header_(std::move(header)), digits_at_(find_digits(header_)), sum_(0) {
  if (digits_at_ != std::string::npos) {
    found_ = header_.substr(digits_at_, kDigits);
    header_.replace(digits_at_, kDigits, kDigits, '0');
  }
  const uint64_t length = header_.size();
  add(&length, sizeof(length));
  add(header_.data(), header_.size());
}

void SafetensorsChecksum::add(const void* data, size_t bytes) {
  if (bytes > 0) {  // zlib takes no data for a question after its initial value
    sum_ = static_cast<uint32_t>(crc32_z(sum_, static_cast<const Bytef*>(data), bytes));
  }
}

std::string SafetensorsChecksum::signed_header() const {
  TORCH_CHECK(digits_at_ != std::string::npos, "the header has no checksum");
  return std::string(header_).replace(digits_at_, kDigits, hexadecimal(sum_));
}

bool SafetensorsChecksum::is_right() const { return found_ == hexadecimal(sum_); }

}  // namespace sanas
