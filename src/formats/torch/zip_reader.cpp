// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/zip_reader.h"

#include <zlib.h>

#include <cstring>

#include "core/utf8.h"

namespace sanas {
namespace {

// Fixed parts of the structures, without names and extra fields (PKWARE APPNOTE 4.3).
constexpr uint64_t kEndBytes = 22;
constexpr uint64_t kEnd64Bytes = 56;
constexpr uint64_t kEnd64LocatorBytes = 20;
constexpr uint64_t kEntryBytes = 46;
constexpr uint64_t kLocalBytes = 30;
constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kEnd64LocatorSignature = 0x07064b50;
constexpr uint32_t kEntrySignature = 0x02014b50;
constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint32_t kIn64BitField = 0xFFFFFFFF;
constexpr uint16_t kExtra64 = 1;
constexpr uint16_t kEncrypted = 1;

constexpr uint64_t kMaxMembers = 1U << 20U;
constexpr uint64_t kMaxDirectory = 256U << 20U;

/// The little-endian number at `offset`, which the caller has checked.
template <typename Number>
Number number_at(const std::string& bytes, size_t offset) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

struct Directory {
  uint64_t members;
  uint64_t size;
  uint64_t offset;
};

/// The end record stands in the last bytes: a comment or a tail after the archive is refused.
Directory find_directory(const ByteSource& source) {
  const uint64_t size = source.size();
  if (size < kEndBytes) {
    source.fail("is no zip archive, or cut");
  }
  const std::string end = source.read_text(size - kEndBytes, kEndBytes);
  if (number_at<uint32_t>(end, 0) != kEndSignature || number_at<uint16_t>(end, 20) != 0) {
    source.fail("is no zip archive as torch.save writes it, or cut: its end record is missing");
  }
  Directory directory{number_at<uint16_t>(end, 10), number_at<uint32_t>(end, 12),
                      number_at<uint32_t>(end, 16)};
  if (size < kEndBytes + kEnd64LocatorBytes) {
    return directory;
  }
  const auto locator = source.read_text(size - kEndBytes - kEnd64LocatorBytes, kEnd64LocatorBytes);
  if (number_at<uint32_t>(locator, 0) == kEnd64LocatorSignature) {
    const auto end64 = source.read_text(number_at<uint64_t>(locator, 8), kEnd64Bytes);
    if (number_at<uint32_t>(end64, 0) != kEnd64Signature) {
      source.fail("its zip64 end record is damaged");
    }
    directory = {number_at<uint64_t>(end64, 32), number_at<uint64_t>(end64, 40),
                 number_at<uint64_t>(end64, 48)};
  }
  return directory;
}

/// Sizes and offset of a member that do not fit the 32-bit fields stand in an extra field, in the
/// order uncompressed size, compressed size, offset.
void read_extra64(const std::string& extra, uint64_t& size, uint64_t& stored, uint64_t& offset,
                  const ByteSource& source) {
  for (size_t at = 0; at + 4 <= extra.size();) {
    const auto id = number_at<uint16_t>(extra, at);
    const size_t end = at + 4 + number_at<uint16_t>(extra, at + 2);
    if (end > extra.size()) {
      source.fail("its zip directory has a damaged extra field");
    }
    at += 4;
    for (uint64_t* field : {&size, &stored, &offset}) {
      if (id == kExtra64 && *field == kIn64BitField && at + 8 <= end) {
        *field = number_at<uint64_t>(extra, at);
        at += 8;
      }
    }
    at = end;
  }
}

/// Where the data begin that follow a member's local header, which repeats the name.
uint64_t data_offset(const ByteSource& source, const std::string& name, uint64_t header) {
  const auto local = source.read_text(header, kLocalBytes);
  const uint64_t name_bytes = number_at<uint16_t>(local, 26);
  if (number_at<uint32_t>(local, 0) != kLocalSignature || name_bytes != name.size() ||
      source.read_text(header + kLocalBytes, name_bytes) != name) {
    source.fail("zip member " + in_quotes(name) + ": its header differs from the directory");
  }
  return header + kLocalBytes + name_bytes + number_at<uint16_t>(local, 28);
}

struct Entry {
  std::string name;
  ZipReader::Member member;
  size_t bytes;  ///< in the directory
};

/// The directory's entry at byte `at`.
Entry read_entry(const std::string& directory, size_t at, const ByteSource& source) {
  const std::string fixed = directory.substr(at, kEntryBytes);
  if (fixed.size() < kEntryBytes || number_at<uint32_t>(fixed, 0) != kEntrySignature) {
    source.fail("its zip directory is damaged");
  }
  const size_t name_size = number_at<uint16_t>(fixed, 28);
  const size_t extra_size = number_at<uint16_t>(fixed, 30);
  const size_t bytes = kEntryBytes + name_size + extra_size + number_at<uint16_t>(fixed, 32);
  if (directory.size() - at < bytes) {
    source.fail("its zip directory is damaged");
  }
  const std::string name = directory.substr(at + kEntryBytes, name_size);
  const std::string extra = directory.substr(at + kEntryBytes + name_size, extra_size);
  uint64_t stored = number_at<uint32_t>(fixed, 20);
  uint64_t size = number_at<uint32_t>(fixed, 24);
  uint64_t header = number_at<uint32_t>(fixed, 42);
  read_extra64(extra, size, stored, header, source);
  if (number_at<uint16_t>(fixed, 10) != 0 || size != stored ||
      (number_at<uint16_t>(fixed, 8) & kEncrypted) != 0) {
    source.fail("zip member " + in_quotes(name) +
                " is compressed or encrypted, which torch.save does not do");
  }
  const uint64_t offset = data_offset(source, name, header);
  return {name, {offset, size, number_at<uint32_t>(fixed, 16)}, bytes};
}

}  // namespace

ZipReader::ZipReader(const ByteSource& source) : source_(source) {
  const auto directory = find_directory(source);
  if (directory.members > kMaxMembers || directory.size > kMaxDirectory) {
    source.fail("its zip directory claims more members than a state dict has");
  }
  const auto bytes = source.read_text(directory.offset, directory.size);
  size_t at = 0;
  uint64_t total = 0;
  for (uint64_t i = 0; i < directory.members; ++i) {
    const auto entry = read_entry(bytes, at, source);
    // Members that overlap would let a small file fill the memory.
    const auto& member = entry.member;
    if (member.offset > source.size() || member.size > source.size() - member.offset ||
        member.size > source.size() - total) {
      source.fail("zip member " + in_quotes(entry.name) +
                  " ends after the file: it is cut or damaged");
    }
    total += member.size;
    if (!members_.emplace(entry.name, member).second) {
      source.fail("zip member " + in_quotes(entry.name) + " is there twice");
    }
    at += entry.bytes;
  }
}

const ZipReader::Member* ZipReader::find(const std::string& name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

void ZipReader::read(const std::string& name, const Member& member, void* destination) const {
  source_.read(member.offset, destination, member.size);
  if (crc32_z(0, static_cast<const Bytef*>(destination), member.size) != member.checksum) {
    source_.fail("zip member " + in_quotes(name) + " is damaged: its checksum is wrong");
  }
}

std::string ZipReader::read_text(const std::string& name, uint64_t limit) const {
  const auto* member = find(name);
  if (member == nullptr) {
    source_.fail("has no zip member " + in_quotes(name));
  }
  if (member->size > limit) {
    source_.fail("zip member " + in_quotes(name) + " is longer than " + std::to_string(limit) +
                 " bytes");
  }
  std::string text(member->size, '\0');
  read(name, *member, text.data());
  return text;
}

}  // namespace sanas
