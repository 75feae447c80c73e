// SPDX-License-Identifier: Apache-2.0
#include "report/cells/graphviz.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

extern char** environ;

namespace sanas {
namespace {

// Files rather than pipes: nobody waits for the other side, and none raises SIGPIPE.
using TemporaryStream =
    std::unique_ptr<std::FILE, decltype([](std::FILE* file) { std::fclose(file); })>;

std::string content(std::FILE* file) {
  std::string text;
  std::array<char, 4096> block;
  std::rewind(file);
  for (size_t got = 0; (got = std::fread(block.data(), 1, block.size(), file)) > 0;) {
    text.append(block.data(), got);
  }
  return text;
}

/// The environment, but for the time zone: it would stand in the date of a PDF.
std::vector<char*> without_time_zone() {
  static std::string utc = "TZ=UTC0";
  std::vector<char*> variables{utc.data()};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("TZ=")) {
      variables.push_back(*variable);
    }
  }
  variables.push_back(nullptr);
  return variables;
}

/// Runs `dot` from the search path with these streams; true if it succeeds.
bool run_dot(int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // Signals of the terminal are for us: a drawing once begun is finished.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string program = "dot";
  std::string option = "-Tpdf";
  std::array<char*, 3> arguments{program.data(), option.data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program.c_str(), &actions, &attributes, arguments.data(),
                                   without_time_zone().data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return false;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return false;
    }
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::optional<std::string> graphviz_pdf(const std::string& dot) {
  const TemporaryStream input(std::tmpfile());
  const TemporaryStream output(std::tmpfile());
  if (input == nullptr || output == nullptr ||
      std::fwrite(dot.data(), 1, dot.size(), input.get()) != dot.size() ||
      std::fflush(input.get()) != 0) {
    return std::nullopt;
  }
  std::rewind(input.get());
  if (!run_dot(::fileno(input.get()), ::fileno(output.get()))) {
    return std::nullopt;
  }
  auto drawing = content(output.get());
  return drawing.empty() ? std::nullopt : std::optional(std::move(drawing));
}

}  // namespace sanas
