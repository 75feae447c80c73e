// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sanas {

/// Bytes of known number with random access, for the readers of binary formats.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  uint64_t size() const { return size_; }
  /// Copies the bytes [offset, offset + count). Throws FileError if they are not all there.
  void read(uint64_t offset, void* destination, uint64_t count) const;
  /// The same as text; nothing is allocated unless they are all there.
  std::string read_text(uint64_t offset, uint64_t count) const;
  /// Throws FileError with the name of the source before `what`.
  [[noreturn]] void fail(const std::string& what) const;

 protected:
  ByteSource(std::string name, uint64_t size) : name_(std::move(name)), size_(size) {}

 private:
  virtual void copy(uint64_t offset, char* destination, uint64_t count) const = 0;
  void check(uint64_t offset, uint64_t count) const;

  std::string name_;
  uint64_t size_;
};

/// A regular file. Throws FileError if it is missing, unreadable or something else.
class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& path);
  ~FileSource() override;

 private:
  FileSource(const std::filesystem::path& path, int descriptor);
  void copy(uint64_t offset, char* destination, uint64_t count) const override;

  int descriptor_;
};

/// Memory that outlives the object.
class MemorySource : public ByteSource {
 public:
  MemorySource(std::string name, std::string_view bytes);

 private:
  void copy(uint64_t offset, char* destination, uint64_t count) const override;

  std::string_view bytes_;
};

}  // namespace sanas
