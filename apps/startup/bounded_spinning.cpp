// SPDX-License-Identifier: Apache-2.0
// Part of every program: bounds how long its idle OpenMP threads spin before they sleep.
//
// By default libgomp's threads spin for some milliseconds. On a machine that others use too, a
// thread that spins takes the core that the thread it waits for needs: a training then runs at a
// third of its speed (docs/performance.md). libgomp reads its environment in its constructor, so
// main() would be too late. What stands in .preinit_array runs before all constructors, when a
// second start costs some 15 ms.
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace {

// Measured in docs/performance.md.
char bounded[] = "GOMP_SPINCOUNT=2000";

bool sets(const char* entry, const char* name) {
  const size_t length = std::strlen(name);
  return std::strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/// Starts the program once more with the bound in its environment, unless that says how to wait
/// already, as it does in the second start. Where a program can't start itself, all stays as it is.
void bound_spinning(int /*argc*/, char** argv, char** environment) {
  int count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (sets(environment[count], "GOMP_SPINCOUNT") || sets(environment[count], "OMP_WAIT_POLICY")) {
      return;
    }
  }
  const auto size = static_cast<size_t>(count);
  auto** with_bound = static_cast<char**>(std::malloc((size + 2) * sizeof(char*)));
  if (with_bound == nullptr) {
    return;
  }
  std::memcpy(with_bound, environment, size * sizeof(char*));
  with_bound[size] = bounded;
  with_bound[size + 1] = nullptr;
  ::execve("/proc/self/exe", argv, with_bound);
  std::free(with_bound);
}

}  // namespace

extern "C" {
__attribute__((section(".preinit_array"),
               used)) void (*sanas_bound_spinning)(int, char**, char**) = bound_spinning;
}
