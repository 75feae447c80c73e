// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <vector>

#include "core/utf8.h"
#include "files/byte_source.h"
#include "formats/safetensors_checksum.h"
#include "formats/safetensors_header.h"
#include "formats/tensor_bytes.h"
#include "sanas/core/error.h"
#include "sanas/files/atomic_file.h"

namespace sanas {
namespace {

constexpr uint64_t kLengthBytes = sizeof(uint64_t);
constexpr uint64_t kMaxHeader = 100'000'000;

struct FileHeader {
  SafetensorsHeader header;
  std::string text;
  uint64_t data_begin;
};

FileHeader read_header(const ByteSource& source) {
  uint64_t header_size = 0;
  source.read(0, &header_size, kLengthBytes);
  if (header_size > kMaxHeader || header_size > source.size() - kLengthBytes) {
    source.fail("the header is said to have " + std::to_string(header_size) +
                " bytes, more than the file or the format allows: no safetensors file, or cut");
  }
  const std::string json = source.read_text(kLengthBytes, header_size);
  if (!json.starts_with('{')) {
    source.fail("the header does not begin with '{': no safetensors file");
  }
  const uint64_t data_begin = kLengthBytes + header_size;
  return {parse_safetensors_header(json, source.size() - data_begin, source), json, data_begin};
}

NamedTensors read(const ByteSource& source) {
  auto [header, text, data_begin] = read_header(source);
  NamedTensors result;
  result.metadata = std::move(header.metadata);
  const bool is_checked = has_checksum(result);
  SafetensorsChecksum checksum(is_checked ? text : "");
  for (const auto& entry : header.entries) {
    auto tensor = torch::empty(entry.shape, torch::dtype(entry.type->scalar));
    source.read(data_begin + entry.begin, tensor.mutable_data_ptr(), entry.end - entry.begin);
    if (!has_valid_bools(tensor)) {
      source.fail("tensor " + in_quotes(entry.name) + " has BOOL bytes other than 0 and 1");
    }
    if (is_checked) {
      checksum.add(tensor.const_data_ptr(), tensor.nbytes());
    }
    result.tensors.insert(entry.name, std::move(tensor));
  }
  if (is_checked && !checksum.is_right()) {
    source.fail("is damaged: its checksum is wrong");
  }
  return result;
}

struct Piece {
  std::string name;
  const ElementType* type;
  std::vector<int64_t> shape;
  torch::Tensor tensor;  // undefined where its values come later
};

/// The tensors in the order of the reference writer.
std::vector<Piece> pieces(const NamedTensors& tensors) {
  std::vector<Piece> result;
  for (const auto& item : tensors.tensors) {
    result.push_back({item.key(), &storable_type(item.key(), item.value()),
                      item.value().sizes().vec(), item.value()});
  }
  std::sort(result.begin(), result.end(), [](const Piece& a, const Piece& b) {
    return a.type != b.type ? a.type > b.type : a.name < b.name;  // rows of one table
  });
  return result;
}

std::string json_text(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw FileError("name " + in_quotes(text) + " is no valid UTF-8 and can't be saved");
  }
}

std::string header_text(const std::vector<Piece>& pieces,
                        const std::map<std::string, std::string>& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata) {
    text.append(text.empty() ? "" : ",")
        .append(json_text(key))
        .append(":")
        .append(json_text(key == kChecksumKey ? std::string(kEmptyChecksum) : value));
  }
  if (!text.empty()) {
    text = std::string(R"("__metadata__":{)").append(text).append("}");
  }
  uint64_t position = 0;
  for (const auto& piece : pieces) {
    if (piece.name == "__metadata__") {
      throw FileError("a tensor can't be named '__metadata__' in a safetensors file");
    }
    const auto count = static_cast<uint64_t>(c10::multiply_integers(piece.shape));
    const uint64_t end = position + count * piece.type->bytes();
    text.append(text.empty() ? "" : ",");
    text += json_text(piece.name) + R"(:{"dtype":")" + std::string(piece.type->safetensors) +
            R"(","shape":)" + nlohmann::json(piece.shape).dump() + R"(,"data_offsets":[)" +
            std::to_string(position) + "," + std::to_string(end) + "]}";
    position = end;
  }
  text = std::string("{").append(text).append("}");
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > kMaxHeader) {
    throw FileError("too many tensors for a safetensors file: its header ends at 100 MB");
  }
  return text;
}

std::vector<Piece> announced(const SafetensorsStream::Shapes& shapes, torch::ScalarType type) {
  const auto& element = storable_type("values", torch::empty({0}, type));
  std::vector<Piece> result;
  for (const auto& [name, shape] : shapes) {
    result.push_back({name, &element, shape, {}});
  }
  return result;
}

void write_header(std::ostream& stream, const std::string& header) {
  const uint64_t header_size = header.size();
  stream.write(reinterpret_cast<const char*>(&header_size), kLengthBytes);
  stream << header;
}

void write_values(std::ostream& stream, const torch::Tensor& tensor) {
  const auto data = packed(tensor);
  stream.write(static_cast<const char*>(data.const_data_ptr()),
               static_cast<std::streamsize>(data.nbytes()));
}

void write(const NamedTensors& tensors, std::ostream& stream) {
  const auto sorted = pieces(tensors);
  std::string header = header_text(sorted, tensors.metadata);
  if (has_checksum(tensors)) {
    SafetensorsChecksum checksum(header);
    for (const auto& piece : sorted) {
      const auto data = packed(piece.tensor);
      checksum.add(data.const_data_ptr(), data.nbytes());
    }
    header = checksum.signed_header();
  }
  write_header(stream, header);
  for (const auto& piece : sorted) {
    write_values(stream, piece.tensor);
  }
}

}  // namespace

NamedTensors read_safetensors(const std::filesystem::path& path) { return read(FileSource(path)); }

std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path) {
  return read_header(FileSource(path)).header.metadata;
}

NamedTensors parse_safetensors(std::string_view bytes, const std::string& source) {
  return read(MemorySource(source, bytes));
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors) {
  write_file_atomically(path, [&](std::ostream& stream) { write(tensors, stream); });
}

void request_checksum(NamedTensors& tensors) { tensors.metadata[kChecksumKey] = kEmptyChecksum; }

bool has_checksum(const NamedTensors& tensors) { return tensors.metadata.contains(kChecksumKey); }

std::string serialize_safetensors(const NamedTensors& tensors) {
  std::ostringstream stream;
  write(tensors, stream);
  return std::move(stream).str();
}

SafetensorsStream::SafetensorsStream(std::ostream& stream, Shapes shapes, torch::ScalarType type,
                                     const std::map<std::string, std::string>& metadata)
    : stream_(stream), shapes_(std::move(shapes)), type_(type), metadata_(metadata) {
  const std::string header = header_text(announced(shapes_, type_), metadata_);
  header_size_ = header.size();
  write_header(stream_, header);
}

void SafetensorsStream::write(const std::string& name, const torch::Tensor& values) {
  while (next_ < shapes_.size() && shapes_[next_].first != name) {
    ++next_;
  }
  TORCH_CHECK(next_ < shapes_.size() && values.sizes() == shapes_[next_].second &&
                  values.scalar_type() == type_,
              "not the announced tensor");
  write_values(stream_, values);
  written_.push_back(shapes_[next_++]);
}

void SafetensorsStream::finish() {
  if (written_.size() == shapes_.size()) {
    return;
  }
  std::string header = header_text(announced(written_, type_), metadata_);
  header.append(header_size_ - header.size(), ' ');  // fewer names and smaller numbers
  stream_.seekp(0);
  write_header(stream_, header);
}

}  // namespace sanas
