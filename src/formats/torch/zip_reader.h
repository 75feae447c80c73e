// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "files/byte_source.h"

namespace sanas {

/// Reads the zip archives that `torch.save` writes: members stored without compression, so that the
/// size of the file bounds the memory that they take. LibTorch's own PyTorchStreamReader does not
/// compare checksums; this one does.
class ZipReader {
 public:
  struct Member {
    uint64_t offset = 0;  ///< of the data in the file
    uint64_t size = 0;
    uint32_t checksum = 0;  ///< CRC-32
  };

  /// Reads the directory. Throws FileError unless the archive ends at the end of `source`, every
  /// member is stored, inside the file, and the only one of its name. `source` is kept.
  explicit ZipReader(const ByteSource& source);

  const std::map<std::string, Member>& members() const { return members_; }

  /// The member of that name, or null.
  const Member* find(const std::string& name) const;

  /// Reads a member of `member.size` bytes. Throws FileError if its checksum is wrong.
  void read(const std::string& name, const Member& member, void* destination) const;

  /// A whole member as text of at most `limit` bytes. Throws FileError if it is missing or longer.
  std::string read_text(const std::string& name, uint64_t limit) const;

 private:
  const ByteSource& source_;
  std::map<std::string, Member> members_;
};

}  // namespace sanas
