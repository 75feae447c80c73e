// SPDX-License-Identifier: Apache-2.0
#include "files/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sanas/core/error.h"

namespace sanas {
namespace {

int open_for_reading(const std::filesystem::path& path) {
  // Non-blocking, so that a FIFO is refused below instead of waited for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    throw FileError(path.string() + ": can't be opened: " + std::strerror(errno));
  }
  return descriptor;
}

uint64_t size_of_regular_file(const std::filesystem::path& path, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    throw FileError(path.string() + ": is not a regular file");
  }
  return static_cast<uint64_t>(status.st_size);
}

}  // namespace

void ByteSource::check(uint64_t offset, uint64_t count) const {
  if (offset > size_ || count > size_ - offset) {
    fail("is truncated: " + std::to_string(count) + " bytes expected at byte " +
         std::to_string(offset) + ", the end is at byte " + std::to_string(size_));
  }
}

void ByteSource::read(uint64_t offset, void* destination, uint64_t count) const {
  check(offset, count);
  if (count > 0) {
    copy(offset, static_cast<char*>(destination), count);
  }
}

std::string ByteSource::read_text(uint64_t offset, uint64_t count) const {
  check(offset, count);
  std::string text(count, '\0');
  copy(offset, text.data(), count);
  return text;
}

void ByteSource::fail(const std::string& what) const { throw FileError(name_ + ": " + what); }

FileSource::FileSource(const std::filesystem::path& path)
    : FileSource(path, open_for_reading(path)) {}

FileSource::FileSource(const std::filesystem::path& path, int descriptor)
    : ByteSource(path.string(), size_of_regular_file(path, descriptor)), descriptor_(descriptor) {}

FileSource::~FileSource() { ::close(descriptor_); }

void FileSource::copy(uint64_t offset, char* destination, uint64_t count) const {
  while (count > 0) {
    const ssize_t got = ::pread(descriptor_, destination, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      fail(got < 0 ? std::string("can't be read: ") + std::strerror(errno)
                   : "got shorter while it was read");
    }
    offset += static_cast<uint64_t>(got);
    destination += got;
    count -= static_cast<uint64_t>(got);
  }
}

MemorySource::MemorySource(std::string name, std::string_view bytes)
    : ByteSource(std::move(name), bytes.size()), bytes_(bytes) {}

void MemorySource::copy(uint64_t offset, char* destination, uint64_t count) const {
  std::memcpy(destination, bytes_.data() + offset, count);
}

}  // namespace sanas
