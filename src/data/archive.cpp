// SPDX-License-Identifier: Apache-2.0
#include "data/archive.h"

#include "sanas/core/error.h"

#ifdef SANAS_WITH_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>

#include <memory>
#endif

namespace sanas {

#ifdef SANAS_WITH_LIBARCHIVE
namespace {

using ArchiveReader = std::unique_ptr<::archive, decltype(&archive_read_free)>;

/// What libarchive says of the last error; for some it says nothing.
std::string reason_of(::archive* reader) {
  const char* reason = archive_error_string(reader);
  return reason == nullptr ? "damaged or empty" : reason;
}

ArchiveReader open_archive(const std::filesystem::path& file) {
  ArchiveReader reader(archive_read_new(), archive_read_free);
  for (const auto support : {archive_read_support_filter_gzip, archive_read_support_filter_xz,
                             archive_read_support_filter_bzip2, archive_read_support_filter_zstd,
                             archive_read_support_format_tar}) {
    support(reader.get());
  }
  constexpr size_t kBlock = 1 << 18;
  if (archive_read_open_filename(reader.get(), file.c_str(), kBlock) != ARCHIVE_OK) {
    if (!std::filesystem::is_regular_file(file)) {
      throw DataError(file.string() + ": cannot be opened");
    }
    throw DataError(file.string() + ": no tar archive: " + reason_of(reader.get()));
  }
  return reader;
}

[[noreturn]] void throw_damaged(const std::filesystem::path& file, ::archive* reader) {
  throw DataError(file.string() + ": damaged archive: " + reason_of(reader));
}

std::vector<uint8_t> read_member(const std::filesystem::path& file, const std::string& name,
                                 ::archive* reader, int64_t max_bytes) {
  std::vector<uint8_t> content;
  const void* block = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  int status = ARCHIVE_OK;
  while ((status = archive_read_data_block(reader, &block, &size, &offset)) == ARCHIVE_OK) {
    if (size > static_cast<uint64_t>(max_bytes) || offset < 0 ||
        offset > max_bytes - static_cast<int64_t>(size)) {
      throw DataError(file.string() + ": member " + name + " is larger than " +
                      std::to_string(max_bytes) + " bytes");
    }
    content.resize(static_cast<size_t>(offset));  // a hole of a sparse file reads as zeros
    const auto* bytes = static_cast<const uint8_t*>(block);
    content.insert(content.end(), bytes, bytes + size);
  }
  if (status != ARCHIVE_EOF) {
    throw_damaged(file, reader);
  }
  return content;
}

}  // namespace

bool archives_are_readable() { return true; }

std::map<std::string, std::vector<uint8_t>> read_archive(const std::filesystem::path& archive,
                                                         const std::set<std::string>& members,
                                                         int64_t max_bytes) {
  const ArchiveReader reader = open_archive(archive);
  std::map<std::string, std::vector<uint8_t>> contents;
  std::filesystem::path folder;  // of the members that were found
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while (contents.size() < members.size() &&
         (status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    const char* text = archive_entry_pathname(entry);
    const std::filesystem::path path = text ? text : "";
    const std::string name = path.filename().string();
    if (archive_entry_filetype(entry) == AE_IFREG && members.count(name) > 0) {
      if (!contents.empty() && path.parent_path() != folder) {
        throw DataError(archive.string() + ": has the files in more than one folder, '" +
                        folder.string() + "' and '" + path.parent_path().string() + "'");
      }
      folder = path.parent_path();
      contents[name] = read_member(archive, name, reader.get(), max_bytes);
    }
  }
  if (status != ARCHIVE_OK && status != ARCHIVE_EOF) {
    throw_damaged(archive, reader.get());
  }
  return contents;
}

#else

bool archives_are_readable() { return false; }

std::map<std::string, std::vector<uint8_t>> read_archive(const std::filesystem::path& archive,
                                                         const std::set<std::string>&, int64_t) {
  throw DataError(archive.string() +
                  ": this build cannot read archives (no libarchive); unpack it first");
}

#endif

}  // namespace sanas
