// SPDX-License-Identifier: Apache-2.0
// As a preloaded library it is armed by the environment: SANAS_FAULT_FOLDER, SANAS_FAULT_CALL,
// SANAS_FAULT_BYTES and SANAS_FAULT_ERROR have the meanings of the parameters in interposer.h.
#include "faults/interposer.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <string>

namespace {

struct Faults {
  std::string folder;
  long call = 0;
  long bytes = -1;
  int error = 0;
  long calls = 0;
  long written = 0;
};

Faults& faults() {
  static Faults instance;
  return instance;
}

long number_from(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtol(text, nullptr, 10);
}

/// Runs when the library is loaded.
[[maybe_unused]] const bool armed_by_environment = [] {
  if (const char* folder = std::getenv("SANAS_FAULT_FOLDER")) {
    sanas_faults_arm(folder, number_from("SANAS_FAULT_CALL", 0),
                     number_from("SANAS_FAULT_BYTES", -1),
                     static_cast<int>(number_from("SANAS_FAULT_ERROR", ENOSPC)));
  }
  return true;
}();

template <typename Function>
Function* next(Function* /*type*/, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}
#define SANAS_NEXT(function) next(&::function, #function)

bool is_watched(const char* path) {
  const auto& folder = faults().folder;
  return !folder.empty() && std::string(path).rfind(folder + "/", 0) == 0;
}

bool is_watched(int descriptor) {
  if (faults().folder.empty()) {
    return false;
  }
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  char path[PATH_MAX + 1];
  const ssize_t length = readlink(link.c_str(), path, PATH_MAX);
  path[length < 0 ? 0 : length] = '\0';
  return is_watched(path);
}

int fail() {
  if (faults().error < 0) {
    kill(getpid(), SIGKILL);
  }
  errno = faults().error;
  return -1;
}

/// Counts a call; true if it is to fail.
bool fails() {
  auto& f = faults();
  ++f.calls;
  return (f.call > 0 && f.calls >= f.call) || (f.bytes >= 0 && f.written >= f.bytes);
}

}  // namespace

extern "C" {

void sanas_faults_arm(const char* folder, long call, long bytes, int error) {
  faults() = {folder, call, bytes, error, 0, 0};
}

long sanas_faults_calls() { return faults().calls; }

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if ((flags & O_ACCMODE) != O_RDONLY && is_watched(path) && fails()) {
    return fail();
  }
  return SANAS_NEXT(open)(path, flags, mode);
}

ssize_t write(int descriptor, const void* data, size_t size) {
  const auto real = SANAS_NEXT(write);
  if (!is_watched(descriptor)) {
    return real(descriptor, data, size);
  }
  auto& f = faults();
  const bool wrong = fails();
  const long room = f.bytes - f.written;
  const bool too_long = f.bytes >= 0 && static_cast<long>(size) > room;
  if (wrong || too_long) {
    // What a disk does before it is full, or a machine before its power is gone.
    const size_t part = too_long ? static_cast<size_t>(room > 0 ? room : 0) : size / 2;
    const bool first = f.call == 0 || f.calls == f.call;
    const ssize_t done = part > 0 && first ? real(descriptor, data, part) : 0;
    f.written += done > 0 ? done : 0;
    if (f.error < 0 || done <= 0) {
      return fail();
    }
    return done;  // the next one fails
  }
  const ssize_t done = real(descriptor, data, size);
  f.written += done > 0 ? done : 0;
  return done;
}

int fsync(int descriptor) {
  return is_watched(descriptor) && fails() ? fail() : SANAS_NEXT(fsync)(descriptor);
}

int ftruncate(int descriptor, off_t length) noexcept {
  return is_watched(descriptor) && fails() ? fail() : SANAS_NEXT(ftruncate)(descriptor, length);
}

int rename(const char* from, const char* to) noexcept {
  return is_watched(to) && fails() ? fail() : SANAS_NEXT(rename)(from, to);
}

int link(const char* from, const char* to) noexcept {
  return is_watched(to) && fails() ? fail() : SANAS_NEXT(link)(from, to);
}
}
