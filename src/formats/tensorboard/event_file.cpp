// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/event_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

#include "formats/tensorboard/crc32c.h"
#include "formats/tensorboard/protobuf_writer.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "events.out.tfevents.";
constexpr int64_t kBins = 30;
constexpr size_t kPendingBytes = 1U << 16U;

// Fields of tensorflow's event.proto, summary.proto and histogram.proto.
enum Event : uint32_t { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
enum SessionLog : uint32_t { kStatus = 1 };
constexpr uint64_t kStart = 1;
enum Summary : uint32_t { kValue = 1 };
enum Value : uint32_t { kTag = 1, kSimpleValue = 2, kImage = 4, kHistogram = 5 };
enum ImageField : uint32_t { kHeight = 1, kWidth = 2, kColorSpace = 3, kEncoded = 4 };
constexpr uint64_t kRgb = 3;
enum Histogram : uint32_t { kMin = 1, kMax, kNumber, kSum, kSumSquares, kLimits, kCounts };

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Seconds in the name of an event file; 0 for any other file, and for times that no clock shows.
int64_t seconds_in(const std::string& name) {
  constexpr int64_t kLatest = 99'999'999'999;  // of the year 5138
  int64_t seconds = 0;
  if (name.starts_with(kPrefix)) {
    std::from_chars(name.data() + std::strlen(kPrefix), name.data() + name.size(), seconds);
  }
  return seconds <= kLatest ? seconds : 0;
}

/// Now, or later where a file of the folder claims that.
int64_t next_seconds(const fs::path& folder) {
  auto seconds = static_cast<int64_t>(wall_time());
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    seconds = std::max(seconds, seconds_in(it->path().filename().string()) + 1);
  }
  return seconds;
}

ProtobufMessage event_at(int64_t step) {
  ProtobufMessage event;
  event.add_double(kWallTime, wall_time());
  event.add_integer(kStep, static_cast<uint64_t>(step));
  return event;
}

std::string summary_of(const std::string& tag, uint32_t field, const ProtobufMessage& content) {
  ProtobufMessage value;
  value.add_bytes(kTag, tag);
  value.add_bytes(field, content.bytes());
  ProtobufMessage summary;
  summary.add_bytes(kValue, value.bytes());
  return summary.bytes();
}

}  // namespace

EventFile::EventFile(const fs::path& folder, int64_t first_step) {
  const std::string tail = ".sanas." + std::to_string(::getpid()) + ".0";
  path_ = folder / (kPrefix + std::to_string(next_seconds(folder)) + tail);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    throw FileError(path_.string() + ": can't be opened for events: " + std::strerror(errno));
  }
  ProtobufMessage version = event_at(first_step);
  version.add_bytes(kFileVersion, "brain.Event:2");
  add_record(version.bytes());
  ProtobufMessage session;
  session.add_integer(kStatus, kStart);
  ProtobufMessage start = event_at(first_step);
  start.add_bytes(kSessionLog, session.bytes());
  add_record(start.bytes());
}

EventFile::~EventFile() {
  try {
    flush();
  } catch (const FileError&) {  // NOLINT: see the header
  }
  ::close(descriptor_);
}

void EventFile::add_scalars(int64_t step,
                            const std::vector<std::pair<std::string, double>>& values) {
  ProtobufMessage summary;
  for (const auto& [tag, number] : values) {
    ProtobufMessage value;
    value.add_bytes(kTag, tag);
    value.add_float(kSimpleValue, static_cast<float>(number));
    summary.add_bytes(kValue, value.bytes());
  }
  add_summary(step, summary.bytes());
}

void EventFile::add_image(int64_t step, const std::string& tag, const EncodedImage& image) {
  ProtobufMessage message;
  message.add_integer(kHeight, static_cast<uint64_t>(image.height));
  message.add_integer(kWidth, static_cast<uint64_t>(image.width));
  message.add_integer(kColorSpace, kRgb);
  message.add_bytes(kEncoded, image.png);
  add_summary(step, summary_of(tag, kImage, message));
}

void EventFile::add_histogram(int64_t step, const std::string& tag, const torch::Tensor& values) {
  auto numbers = values.detach().to(torch::kCPU, torch::kFloat64).flatten();
  numbers = numbers.index({numbers.isfinite()}).contiguous();
  if (numbers.numel() == 0) {
    return;
  }
  const double low = numbers.min().item<double>();
  const double high = numbers.max().item<double>();
  std::vector<double> limits;
  std::vector<double> counts(static_cast<size_t>(low < high ? kBins : 1));
  const double width = (high - low) / static_cast<double>(counts.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    limits.push_back(i + 1 < counts.size() ? low + width * static_cast<double>(i + 1) : high);
  }
  // A bin holds what is above the limit before it and at most its own.
  for (int64_t i = 0; i < numbers.numel(); ++i) {
    const double number = numbers.data_ptr<double>()[i];
    const auto bin = std::lower_bound(limits.begin(), limits.end(), number) - limits.begin();
    counts[static_cast<size_t>(bin)] += 1.0;
  }
  ProtobufMessage message;
  message.add_double(kMin, low);
  message.add_double(kMax, high);
  message.add_double(kNumber, static_cast<double>(numbers.numel()));
  message.add_double(kSum, numbers.sum().item<double>());
  message.add_double(kSumSquares, numbers.square().sum().item<double>());
  message.add_doubles(kLimits, limits);
  message.add_doubles(kCounts, counts);
  add_summary(step, summary_of(tag, kHistogram, message));
}

void EventFile::flush() {
  size_t done = 0;
  while (done < pending_.size()) {
    const ssize_t written = ::write(descriptor_, pending_.data() + done, pending_.size() - done);
    if (written >= 0) {
      done += static_cast<size_t>(written);
    } else if (errno != EINTR) {
      const int reason = errno;
      pending_.erase(0, done);
      throw FileError(path_.string() + ": can't be written: " + std::strerror(reason));
    }
  }
  pending_.clear();
}

void EventFile::add_summary(int64_t step, const std::string& summary) {
  ProtobufMessage event = event_at(step);
  event.add_bytes(kSummary, summary);
  add_record(event.bytes());
  if (pending_.size() > kPendingBytes) {
    flush();
  }
}

/// A TFRecord: length, its checksum, data, its checksum.
void EventFile::add_record(const std::string& event) {
  std::string length;
  append_little_endian(length, event.size(), 8);
  pending_ += length;
  append_little_endian(pending_, masked_crc32c(length), 4);
  pending_ += event;
  append_little_endian(pending_, masked_crc32c(event), 4);
}

}  // namespace sanas
