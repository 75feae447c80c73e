// SPDX-License-Identifier: Apache-2.0
#include "formats/json_lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <torch/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "sanas/core/error.h"

namespace sanas {
namespace {

using nlohmann::ordered_json;

constexpr const char* kNonFinite = "nonfinite";

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw FileError(path.string() + ": " + what + ": " + std::strerror(errno));
}

const char* name_of_nonfinite(double number) {
  return std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
}

template <typename Plain>
ordered_json to_value(const Plain& plain) {
  return plain;
}

/// A list of objects.
ordered_json to_value(const NumberGroups& groups) {
  ordered_json list = ordered_json::array();
  for (const auto& group : groups) {
    ordered_json& object = list.emplace_back(ordered_json::object());
    for (const auto& [name, number] : group) {
      object[name] = number;  // written as null where it is not finite
    }
  }
  return list;
}

struct Extent {
  uint64_t lines = 0;
  uint64_t bytes = 0;
};

/// The first `limit` whole lines of a file, or as many as it has.
Extent whole_lines(const std::filesystem::path& path, int descriptor, uint64_t limit) {
  std::array<char, 65536> block;
  Extent extent;
  for (uint64_t offset = 0; extent.lines < limit;) {
    const ssize_t got = ::pread(descriptor, block.data(), block.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      fail(path, "can't be read");
    }
    if (got == 0) {
      break;
    }
    const char* end = block.data() + got;
    for (const char* at = block.data(); at != end && extent.lines < limit;) {
      at = std::find(at, end, '\n');
      if (at != end) {
        ++at;
        extent = {extent.lines + 1, offset + static_cast<uint64_t>(at - block.data())};
      }
    }
    offset += static_cast<uint64_t>(got);
  }
  return extent;
}

}  // namespace

std::string to_json(const JsonRecord& record) {
  ordered_json object = ordered_json::object();
  ordered_json nonfinite = ordered_json::object();
  for (const auto& [key, value] : record) {
    TORCH_CHECK(key != kNonFinite && !object.contains(key), "metric '", key, "' is given twice");
    const auto* number = std::get_if<double>(&value);
    if (number != nullptr && !std::isfinite(*number)) {
      object[key] = nullptr;
      nonfinite[key] = name_of_nonfinite(*number);
    } else {
      std::visit([&, &name = key](const auto& plain) { object[name] = to_value(plain); }, value);
    }
  }
  if (!nonfinite.empty()) {
    object[kNonFinite] = std::move(nonfinite);
  }
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

JsonLinesFile::JsonLinesFile(std::filesystem::path path, bool append)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(),
                         O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (append ? 0 : O_TRUNC), 0666)) {
  struct stat status {};
  if (descriptor_ < 0) {
    fail(path_, "can't be opened for metrics");
  }
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw FileError(path_.string() + ": is not a regular file, metrics need one");
  }
  try {
    bytes_ = static_cast<uint64_t>(status.st_size);
    const Extent whole = whole_lines(path_, descriptor_, std::numeric_limits<uint64_t>::max());
    cut(whole.lines, whole.bytes);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

JsonLinesFile::~JsonLinesFile() { ::close(descriptor_); }

void JsonLinesFile::write(const JsonRecord& record) {
  const std::string line = to_json(record) + "\n";
  const std::lock_guard lock(mutex_);
  write_line(line);
}

void JsonLinesFile::write_line(const std::string& line) {
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t written = ::write(descriptor_, line.data() + done, line.size() - done);
    if (written >= 0) {
      done += static_cast<size_t>(written);
    } else if (errno != EINTR) {
      const int error = errno;
      // Half a line would spoil the file for every reader. If even this fails, the next opening
      // for appending removes it.
      [[maybe_unused]] const int ignored = ::ftruncate(descriptor_, static_cast<off_t>(bytes_));
      errno = error;
      fail(path_, "can't be written");
    }
  }
  ++lines_;
  bytes_ += line.size();
}

uint64_t JsonLinesFile::position() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

void JsonLinesFile::truncate_to(uint64_t position) {
  const std::lock_guard lock(mutex_);
  const Extent kept = whole_lines(path_, descriptor_, position);
  if (kept.lines < position) {
    throw FileError(path_.string() + ": has " + std::to_string(kept.lines) +
                    " lines, the checkpoint goes on after line " + std::to_string(position) +
                    ": the file was changed since; put it back, or start anew in another --out");
  }
  cut(kept.lines, kept.bytes);
}

void JsonLinesFile::cut(uint64_t lines, uint64_t bytes) {
  if (bytes < bytes_ && ::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) {
    fail(path_, "can't be shortened");
  }
  lines_ = lines;
  bytes_ = bytes;
}

void JsonLinesFile::sync() {
  const std::lock_guard lock(mutex_);
  if (::fsync(descriptor_) != 0) {
    fail(path_, "can't be written to disk");
  }
}

}  // namespace sanas
