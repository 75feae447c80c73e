// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads and writes safetensors files.

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sanas/formats/named_tensors.h"

namespace sanas {

/// Reads a safetensors file onto the CPU, in the order of the data. Element types BOOL, U8, I8,
/// F8_E5M2, F8_E4M3, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64.
///
/// Strict, since a weight file may come from anywhere: the sizes in the header are checked against
/// the size of the file before memory is taken; the header is valid UTF-8 JSON with no key given
/// twice; the tensors fill the data without holes, overlaps or a tail; where the file has a
/// checksum of ours, it is right. Throws FileError that names the file and the tensor.
NamedTensors read_safetensors(const std::filesystem::path& path);

/// The same from memory; `source` is the name in messages.
NamedTensors parse_safetensors(std::string_view bytes, const std::string& source = "safetensors");

/// The metadata of a file alone, checked in the same way, without reading its data.
std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path);

/// Writes atomically, in the byte layout of the reference writer: tensors by element type, largest
/// first, then by name; header padded with spaces to a multiple of 8 bytes. Tensors may live on any
/// device and have any strides; those that share memory are each written in full. Throws FileError
/// for an element type that the format lacks, a name that is no UTF-8, and what
/// `write_file_atomically` throws.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors);

/// Lets a file of these tensors carry a checksum, as metadata that other readers pass over. A
/// change of any byte of the file is then found when it is read.
void request_checksum(NamedTensors& tensors);

/// Whether these tensors, as they were read, had one.
bool has_checksum(const NamedTensors& tensors);

/// The content of that file.
std::string serialize_safetensors(const NamedTensors& tensors);

/// Writes tensors of one type, more of them than fit into memory: first what they will be, then
/// their values one after the other. Some may be left out.
class SafetensorsStream {
 public:
  using Shapes = std::vector<std::pair<std::string, std::vector<int64_t>>>;

  /// Writes the header to `stream`, which is at its beginning. Throws FileError for what
  /// `write_safetensors` refuses.
  SafetensorsStream(std::ostream& stream, Shapes shapes, torch::ScalarType type,
                    const std::map<std::string, std::string>& metadata = {});

  /// The values of the next tensor of that name, in its shape. Those announced before it that were
  /// not written are left out.
  void write(const std::string& name, const torch::Tensor& values);

  /// Has to come last. Where tensors were left out, the header at the stream's beginning is
  /// corrected.
  void finish();

 private:
  std::ostream& stream_;
  Shapes shapes_;
  torch::ScalarType type_;
  std::map<std::string, std::string> metadata_;
  size_t header_size_;
  size_t next_ = 0;
  Shapes written_;
};

}  // namespace sanas
