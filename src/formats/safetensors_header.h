// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "files/byte_source.h"
#include "formats/element_types.h"

namespace sanas {

/// One tensor of a safetensors header; the bytes [begin, end) count from the start of the data.
struct SafetensorsEntry {
  std::string name;
  const ElementType* type = nullptr;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< by `begin`
  std::map<std::string, std::string> metadata;
};

/// Parses the JSON of a header and checks that its tensors fill `data_size` bytes exactly, in the
/// order of the reference implementation: JSON, then every tensor's place, then the end. Throws
/// FileError in the name of `source`.
SafetensorsHeader parse_safetensors_header(const std::string& json, uint64_t data_size,
                                           const ByteSource& source);

}  // namespace sanas
