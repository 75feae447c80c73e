// SPDX-License-Identifier: Apache-2.0
// Part of every program: what the libraries below it read from the environment, before they do.
//
// By default libgomp's idle threads spin for some milliseconds. On a machine that others use too, a
// thread that spins takes the core that the thread it waits for needs: a training then runs at a
// third of its speed. And glibc gives the memory of every large tensor back to the system, which
// clears its pages anew for the next one. Both have been measured (docs/performance.md).
//
// libgomp and malloc read the environment before main(). What stands in .preinit_array runs before
// all constructors, when a second start costs some 15 ms.
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace {

/// An entry of the environment, unless it has one of two names already.
struct Setting {
  const char* entry;
  const char* name;
  const char* other_name;
};

// Says that this is the second start, whatever became of the settings.
constexpr const char* kMarkName = "SANAS_STARTED";
constexpr const char* kMark = "SANAS_STARTED=1";

constexpr Setting kSettings[] = {
    {"GOMP_SPINCOUNT=2000", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY"},
    {"GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:"
     "glibc.malloc.trim_threshold=8589934592",
     "GLIBC_TUNABLES", "LD_PRELOAD"},  // another allocator, perhaps
};
constexpr size_t kCount = sizeof(kSettings) / sizeof(kSettings[0]);

bool sets(const char* entry, const char* name) {
  const size_t length = std::strlen(name);
  return std::strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/// The file of the program; empty where it can't be told, or was not started as itself: through the
/// loader (ld.so PROGRAM), which a second start would start, or with other rights than its user's,
/// whose environment the system changes.
const char* own_file() {
  static char path[4096];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof(path) - 1);
  const auto* started = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  struct stat own = {};
  struct stat named = {};
  if (length <= 0 || ::getauxval(AT_SECURE) != 0 || ::getauxval(AT_BASE) == 0 ||
      started == nullptr || ::stat(path, &own) != 0 || ::stat(started, &named) != 0 ||
      own.st_dev != named.st_dev || own.st_ino != named.st_ino) {
    return "";
  }
  return path;
}

/// Starts the program once more with the settings in its environment, unless they are there. Where
/// a program can't start itself, all stays as it is.
void complete_environment(int /*argc*/, char** argv, char** environment) {
  bool missing[kCount] = {true, true};
  size_t count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (sets(environment[count], kMarkName)) {
      return;
    }
    for (size_t k = 0; k < kCount; ++k) {
      if (sets(environment[count], kSettings[k].name) ||
          sets(environment[count], kSettings[k].other_name)) {
        missing[k] = false;
      }
    }
  }
  auto** completed = static_cast<char**>(std::malloc((count + kCount + 2) * sizeof(char*)));
  if (completed == nullptr) {
    return;
  }
  std::memcpy(completed, environment, count * sizeof(char*));
  size_t size = count;
  for (size_t k = 0; k < kCount; ++k) {
    if (missing[k]) {
      completed[size++] = const_cast<char*>(kSettings[k].entry);
    }
  }
  const char* file = size > count ? own_file() : "";
  completed[size++] = const_cast<char*>(kMark);
  completed[size] = nullptr;
  if (*file != '\0') {
    ::execve(file, argv, completed);
  }
  std::free(completed);
}

}  // namespace

extern "C" {
__attribute__((section(".preinit_array"),
               used)) void (*sanas_complete_environment)(int, char**,
                                                         char**) = complete_environment;
}
