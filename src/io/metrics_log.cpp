// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/metrics_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <torch/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
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

/// The byte after the last line end before `end`.
uint64_t end_of_last_line(int descriptor, uint64_t end) {
  std::array<char, 4096> block;
  while (end > 0) {
    const uint64_t begin = end - std::min<uint64_t>(end, block.size());
    const ssize_t got = ::pread(descriptor, block.data(), end - begin, static_cast<off_t>(begin));
    if (got != static_cast<ssize_t>(end - begin)) {
      return end;
    }
    for (uint64_t at = end; at > begin; --at) {
      if (block[at - 1 - begin] == '\n') {
        return at;
      }
    }
    end = begin;
  }
  return 0;
}

}  // namespace

std::string to_json(const MetricRecord& record) {
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

MetricsLog::MetricsLog(std::filesystem::path path, bool append)
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
    position_ = static_cast<uint64_t>(status.st_size);
    cut(end_of_last_line(descriptor_, position_));
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

MetricsLog::~MetricsLog() { ::close(descriptor_); }

void MetricsLog::write(const MetricRecord& record) {
  const std::string line = to_json(record) + "\n";
  const std::lock_guard lock(mutex_);
  write_line(line);
}

void MetricsLog::write_line(const std::string& line) {
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t written = ::write(descriptor_, line.data() + done, line.size() - done);
    if (written >= 0) {
      done += static_cast<size_t>(written);
    } else if (errno != EINTR) {
      const int error = errno;
      // Half a line would spoil the file for every reader. If even this fails, the next opening
      // for appending removes it.
      [[maybe_unused]] const int ignored = ::ftruncate(descriptor_, static_cast<off_t>(position_));
      errno = error;
      fail(path_, "can't be written");
    }
  }
  position_ += line.size();
}

uint64_t MetricsLog::position() const {
  const std::lock_guard lock(mutex_);
  return position_;
}

void MetricsLog::truncate_to(uint64_t position) {
  const std::lock_guard lock(mutex_);
  if (position > position_ || end_of_last_line(descriptor_, position) != position) {
    throw FileError(path_.string() + ": no line ends at byte " + std::to_string(position) + " of " +
                    std::to_string(position_) +
                    ", where the checkpoint goes on: the file was changed since");
  }
  cut(position);
}

void MetricsLog::cut(uint64_t position) {
  if (position < position_ && ::ftruncate(descriptor_, static_cast<off_t>(position)) != 0) {
    fail(path_, "can't be shortened");
  }
  position_ = position;
}

void MetricsLog::sync() {
  const std::lock_guard lock(mutex_);
  if (::fsync(descriptor_) != 0) {
    fail(path_, "can't be written to disk");
  }
}

}  // namespace sanas
