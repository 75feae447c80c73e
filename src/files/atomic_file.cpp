// SPDX-License-Identifier: Apache-2.0
#include "sanas/files/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>
#include <random>
#include <streambuf>
#include <string>

#include "sanas/core/error.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTemporaryMark = ".sanas-tmp-";

[[noreturn]] void fail(const fs::path& path, const std::string& what, int error) {
  throw FileError(path.string() + ": " + what + ": " + std::strerror(error));
}

fs::path folder_of(const fs::path& target) {
  return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

/// Bytes that a name in that folder may have; the usual number where the system doesn't say.
size_t longest_name(const fs::path& folder) {
  constexpr size_t kUsual = 255;
  const long limit = ::pathconf(folder.c_str(), _PC_NAME_MAX);
  return limit > 0 ? static_cast<size_t>(limit) : kUsual;
}

/// A name beside `target` that is hardly taken, and no longer than the system allows where the
/// target's own is not.
fs::path temporary_name(const fs::path& target) {
  std::random_device random;
  const std::string ending = kTemporaryMark + std::to_string(random());
  const std::string name = target.filename().string();
  const size_t limit = longest_name(folder_of(target));
  size_t kept = std::min(name.size(), limit - std::min(limit, ending.size() + 1));
  while (kept < name.size() && kept > 0 && (static_cast<uint8_t>(name[kept]) & 0xC0U) == 0x80U) {
    --kept;  // not within a character
  }
  return target.parent_path() / ("." + name.substr(0, kept) + ending);
}

/// A new file next to its target, removed again unless it was renamed to it.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& target) : target_(target) {
    do {
      path_ = temporary_name(target);
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) {
      fail(target, "can't be written", errno);
    }
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
    if (!renamed_) {
      ::unlink(path_.c_str());
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(const char* data, size_t count) {
    while (count > 0) {
      const ssize_t written = ::write(descriptor_, data, count);
      if (written < 0 && errno == EINTR) {
        continue;
      }
      if (written < 0) {
        fail(target_, "can't be written", errno);
      }
      data += written;
      count -= static_cast<size_t>(written);
    }
  }

  void seek(off_t position) {
    if (::lseek(descriptor_, position, SEEK_SET) < 0) {
      fail(target_, "can't be written", errno);
    }
  }

  void commit() {
    if (::fsync(descriptor_) != 0) {
      fail(target_, "can't be written to disk", errno);
    }
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (::close(descriptor) != 0) {
      fail(target_, "can't be written", errno);
    }
    if (::rename(path_.c_str(), target_.c_str()) != 0) {
      fail(target_, "can't be replaced", errno);
    }
    renamed_ = true;
  }

 private:
  fs::path target_;
  fs::path path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

/// Buffers what goes into a TemporaryFile.
class FileBuffer : public std::streambuf {
 public:
  explicit FileBuffer(TemporaryFile& file) : file_(file) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }

 protected:
  int sync() override {
    const auto count = static_cast<size_t>(pptr() - pbase());
    // Emptied first: after a failed write the destructors must not try the same bytes again.
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    file_.write(buffer_.data(), count);
    return 0;
  }
  int_type overflow(int_type character) override {
    sync();
    if (!traits_type::eq_int_type(character, traits_type::eof())) {
      sputc(traits_type::to_char_type(character));
    }
    return traits_type::not_eof(character);
  }
  pos_type seekpos(pos_type position, std::ios_base::openmode /*mode*/) override {
    sync();
    file_.seek(static_cast<off_t>(position));
    return position;
  }
  std::streamsize xsputn(const char* data, std::streamsize count) override {
    if (count > epptr() - pptr()) {
      sync();
    }
    if (count > epptr() - pptr()) {
      file_.write(data, static_cast<size_t>(count));
    } else {
      std::copy_n(data, count, pptr());  // `data` may be null where there is nothing to write
      pbump(static_cast<int>(count));
    }
    return count;
  }

 private:
  TemporaryFile& file_;
  std::array<char, 64 * 1024> buffer_;
};

/// A device or a pipe: it is written to, not replaced.
bool is_special(const fs::path& path) {
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

void write_to_device(const fs::path& path, const std::function<void(std::ostream&)>& writer) {
  std::ofstream stream(path, std::ios::binary);
  if (stream) {
    writer(stream);
  }
  if (!stream.flush()) {
    fail(path, "can't be written", errno);
  }
}

/// Makes the rename itself survive a power cut. File systems that can't do it say EINVAL.
void sync_folder(const fs::path& target) {
  const fs::path folder = folder_of(target);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    fail(folder, "can't be opened", errno);
  }
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (error != 0 && error != EINVAL) {
    fail(folder, "can't be written to disk", error);
  }
}

}  // namespace

void write_file_atomically(const fs::path& path, const std::function<void(std::ostream&)>& writer) {
  if (is_special(path)) {
    return write_to_device(path, writer);
  }
  TemporaryFile file(path);
  FileBuffer buffer(file);
  std::ostream stream(&buffer);
  // With badbit in the mask the stream rethrows what the buffer threw: the reason is kept.
  stream.exceptions(std::ios::badbit);
  writer(stream);
  stream.flush();
  if (!stream) {
    throw FileError(path.string() + ": can't be written: the content could not be formatted");
  }
  file.commit();
  sync_folder(path);
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  write_file_atomically(path, [&](std::ostream& stream) {
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  });
}

void link_file_atomically(const fs::path& existing, const fs::path& path) {
  const fs::path temporary = temporary_name(path);
  if (::link(existing.c_str(), temporary.c_str()) != 0) {
    if (errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK || errno == ENOSYS) {
      std::ifstream stream(existing, std::ios::binary);
      write_file_atomically(path, [&](std::ostream& out) { out << stream.rdbuf(); });
      return;
    }
    fail(path, "can't be written", errno);
  }
  const int error = ::rename(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
  ::unlink(temporary.c_str());  // it is still there where both were names of one file already
  if (error != 0) {
    fail(path, "can't be replaced", error);
  }
  sync_folder(path);
}

bool is_temporary_file(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') && name.find(kTemporaryMark) != std::string::npos;
}

void remove_stale_temporary_files(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (is_temporary_file(entry.path())) {
      fs::remove(entry.path(), ignored);
    }
  }
}

}  // namespace sanas
