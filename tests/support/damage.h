// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

namespace sanas {

/// While one lives, the process can't take much more memory than it has: a parser that believes a
/// size in a damaged file ends in std::bad_alloc.
class ScopedMemoryLimit {
 public:
  explicit ScopedMemoryLimit(rlim_t more = rlim_t{1} << 30U) {
    getrlimit(RLIMIT_AS, &saved_);
    const rlimit limit{memory() + more, saved_.rlim_max};
    setrlimit(RLIMIT_AS, &limit);
  }
  ~ScopedMemoryLimit() { setrlimit(RLIMIT_AS, &saved_); }
  ScopedMemoryLimit(const ScopedMemoryLimit&) = delete;
  ScopedMemoryLimit& operator=(const ScopedMemoryLimit&) = delete;

 private:
  static rlim_t memory() {
    unsigned long pages = 0;
    if (FILE* file = std::fopen("/proc/self/statm", "r")) {
      EXPECT_EQ(std::fscanf(file, "%lu", &pages), 1);
      std::fclose(file);
    }
    return pages * 4096;
  }

  rlimit saved_{};
};

/// Calls `parse` with every truncation of `bytes` up to 4 KiB and with 1,000 changes of one byte.
/// Each has to end in success or in an ExpectedError of one line, within the memory limit.
template <class ExpectedError>
void expect_damage_is_survived(const std::string& bytes,
                               const std::function<void(const std::string&)>& parse) {
  ASSERT_NO_THROW(parse(bytes));
  const ScopedMemoryLimit limit;
  const auto attempt = [&](const std::string& damaged, const char* what, size_t at) {
    try {
      parse(damaged);
    } catch (const ExpectedError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << what << at << ": " << error.what();
    }
  };
  for (size_t length = 0; length < bytes.size() && length <= 4096; ++length) {
    attempt(bytes.substr(0, length), "cut at ", length);
  }
  uint64_t state = 1;
  const auto below = [&](uint64_t limit) {  // a linear congruential generator
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33U) % limit;
  };
  for (int i = 0; i < 1000; ++i) {
    std::string changed = bytes;
    const size_t at = below(bytes.size());
    changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1 + below(255)));
    attempt(changed, "changed at ", at);
  }
}

}  // namespace sanas
