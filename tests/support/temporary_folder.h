// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "sanas/core/error.h"
#include "support/damage.h"

namespace sanas::test {

namespace fs = std::filesystem;

/// An empty folder of the running test, removed afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = "sanas-test-" + std::to_string(getpid()) + "-" + info->test_suite_name() +
                       "-" + info->name();
    std::replace(name.begin(), name.end(), '/', '-');  // the separator of parametrised tests
    path_ = fs::temp_directory_path() / name;
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }
  /// Entries of the folder, hidden ones too.
  int count() const {
    return static_cast<int>(std::distance(fs::directory_iterator(path_), fs::directory_iterator{}));
  }

 private:
  fs::path path_;
};

inline std::string content_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline void write_content(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

/// The message of the FileError that `action` throws; the test fails if it throws none or one of
/// more than a line.
inline std::string file_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const FileError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  ADD_FAILURE() << "no FileError";
  return "";
}

/// Runs `action` and accepts success and FileError, the two allowed ends for damaged input.
inline void succeeds_or_file_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const FileError&) {
    // refused
  }
}

/// Bytes from a formula: a linear congruential generator.
class Sequence {
 public:
  explicit Sequence(uint64_t seed) : state_(seed) {}
  uint64_t below(uint64_t limit) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33U) % limit;
  }

 private:
  uint64_t state_;
};

/// Calls `parse` with every truncation up to 4 KiB and with 1,000 single-byte changes of `bytes`;
/// each must end in success or FileError.
inline void damage(const std::string& bytes, const std::function<void(const std::string&)>& parse) {
  const ScopedMemoryLimit limit;
  for (size_t length = 0; length < bytes.size() && length <= 4096; ++length) {
    EXPECT_THROW(parse(bytes.substr(0, length)), FileError) << "cut at " << length;
  }
  Sequence random(1);
  for (int i = 0; i < 1000; ++i) {
    std::string changed = bytes;
    changed[random.below(bytes.size())] ^= static_cast<char>(1 + random.below(255));
    succeeds_or_file_error([&] { parse(changed); });
  }
}

/// Python with torch and safetensors of the project's environment; empty where it is missing.
inline fs::path python() {
  const char* source = std::getenv("SANAS_SOURCE_DIR");
  const fs::path path = fs::path(source == nullptr ? "." : source) / ".venv/bin/python";
  return fs::exists(path) ? path : fs::path();
}

/// Runs a Python program in `folder`; true if no assertion in it fails.
inline bool run_python(const fs::path& folder, const std::string& program) {
  write_content(folder / "program.py", program);
  const std::string command = "cd '" + folder.string() + "' && '" +
                              fs::absolute(python()).string() + "' program.py > output.txt 2>&1";
  const bool good = std::system(command.c_str()) == 0;
  EXPECT_TRUE(good) << content_of(folder / "output.txt");
  return good;
}

}  // namespace sanas::test
