// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/utf8.h"

namespace sanas {
namespace {

// LibTorch's own kernels stop at 64 dimensions.
constexpr size_t kMaxRank = 64;

/// Takes the JSON piece by piece, so that no document is built, duplicate keys are seen, and
/// anything deeper than a shape in a tensor in the header ends at once.
class HeaderHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  HeaderHandler(SafetensorsHeader& header, const ByteSource& source)
      : header_(header), source_(source) {}

  bool start_object(size_t) override {
    if (place_ == Place::kStart) {
      place_ = Place::kHeader;
    } else if (place_ == Place::kHeader && key_ == "__metadata__") {
      place_ = Place::kMetadata;
    } else if (place_ == Place::kHeader) {
      place_ = Place::kTensor;
      header_.entries.emplace_back().name = key_;
      fields_.clear();
    } else {
      unexpected("an object");
    }
    return true;
  }

  bool key(std::string& key) override {
    if (place_ == Place::kHeader) {
      once(names_.insert(key).second, key);
    } else if (place_ == Place::kMetadata) {
      once(header_.metadata.emplace(key, "").second, key);
    } else {
      once(fields_.insert(key).second, key);
      if (key != "dtype" && key != "shape" && key != "data_offsets") {
        fail("has the unknown field " + in_quotes(key));
      }
    }
    key_ = key;
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kTensor) {
      if (fields_.size() != 3) {
        fail("needs dtype, shape and data_offsets");
      }
      finish_tensor();
    }
    place_ = place_ == Place::kHeader ? Place::kEnd : Place::kHeader;
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::kMetadata) {
      header_.metadata[key_] = text;
    } else if (place_ == Place::kTensor && key_ == "dtype") {
      entry().type = find_element_type(&ElementType::safetensors, std::string_view(text));
      if (entry().type == nullptr) {
        fail("has the element type " + in_quotes(text) + ", which is not supported");
      }
    } else {
      unexpected("a text");
    }
    return true;
  }

  bool start_array(size_t) override {
    if (place_ != Place::kTensor || key_ == "dtype") {
      unexpected("a list");
    }
    place_ = Place::kList;
    numbers_.clear();
    return true;
  }

  bool number_unsigned(uint64_t number) override {
    if (place_ != Place::kList) {
      unexpected("a number");
    }
    if (numbers_.size() == kMaxRank) {
      fail("has more than " + std::to_string(kMaxRank) + " numbers in " + in_quotes(key_));
    }
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      fail("has a number that is too large in " + in_quotes(key_));
    }
    numbers_.push_back(static_cast<int64_t>(number));
    return true;
  }

  bool end_array() override {
    place_ = Place::kTensor;
    if (key_ == "shape") {
      entry().shape = numbers_;
      return true;
    }
    if (numbers_.size() != 2) {
      fail("needs two data_offsets");
    }
    entry().begin = static_cast<uint64_t>(numbers_[0]);
    entry().end = static_cast<uint64_t>(numbers_[1]);
    return true;
  }

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a truth value"); }
  bool number_integer(int64_t) override { unexpected("a negative number"); }
  bool number_float(double, const std::string&) override { unexpected("a fraction"); }
  bool binary(nlohmann::json::binary_t&) override { unexpected("binary data"); }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    source_.fail("the header is no valid UTF-8 JSON at byte " + std::to_string(8 + position));
  }

 private:
  enum class Place { kStart, kHeader, kMetadata, kTensor, kList, kEnd };

  SafetensorsEntry& entry() { return header_.entries.back(); }

  /// An error in the tensor at hand.
  [[noreturn]] void fail(const std::string& what) {
    source_.fail("tensor " + in_quotes(entry().name) + " " + what);
  }
  [[noreturn]] void unexpected(const std::string& what) {
    source_.fail("the header has " + what + " where none belongs, after key " + in_quotes(key_));
  }
  void once(bool first, const std::string& key) {
    if (!first) {
      source_.fail("the header has the key " + in_quotes(key) + " twice");
    }
  }

  /// Checks what the tensor says about itself: its shape and its type give its number of bytes.
  void finish_tensor() {
    int64_t bytes = static_cast<int64_t>(entry().type->bytes());
    // LibTorch's strides are products of max(size, 1), so zeros must not hide an overflow.
    for (const int64_t size : entry().shape) {
      if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) {
        fail("has a shape too large for this machine");
      }
    }
    if (std::count(entry().shape.begin(), entry().shape.end(), 0) > 0) {
      bytes = 0;
    }
    if (entry().end < entry().begin ||
        entry().end - entry().begin != static_cast<uint64_t>(bytes)) {
      fail("needs " + std::to_string(bytes) + " bytes by its shape, data_offsets are [" +
           std::to_string(entry().begin) + ", " + std::to_string(entry().end) + "]");
    }
  }

  SafetensorsHeader& header_;
  const ByteSource& source_;
  Place place_ = Place::kStart;
  std::string key_;
  std::set<std::string> names_;
  std::set<std::string> fields_;
  std::vector<int64_t> numbers_;
};

/// No holes, no overlaps, no tail.
void check_layout(const std::vector<SafetensorsEntry>& entries, uint64_t data_size,
                  const ByteSource& source) {
  uint64_t position = 0;
  for (const auto& entry : entries) {
    if (entry.begin != position) {
      source.fail("tensor " + in_quotes(entry.name) + " begins at data byte " +
                  std::to_string(entry.begin) + " where " + std::to_string(position) +
                  " is right: holes and overlaps are not allowed");
    }
    position = entry.end;
  }
  if (position != data_size) {
    source.fail("the tensors fill " + std::to_string(position) + " bytes of data, the file has " +
                std::to_string(data_size) +
                (position > data_size ? ": it is truncated" : ": something is appended"));
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(const std::string& json, uint64_t data_size,
                                           const ByteSource& source) {
  SafetensorsHeader header;
  HeaderHandler handler(header, source);
  nlohmann::json::sax_parse(json, &handler);
  // Zero-size tensors share their begin with the tensor after them.
  std::stable_sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  check_layout(header.entries, data_size, source);
  return header;
}

}  // namespace sanas
