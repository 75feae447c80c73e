// SPDX-License-Identifier: Apache-2.0
#include "common/program.h"

#include <c10/util/Exception.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <new>
#include <vector>

#include "sanas/core/error.h"
#include "sanas/core/paths.h"
#include "sanas/core/phase.h"
#include "sanas/core/signals.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

/// LibTorch's messages go on for lines; the first one says what happened.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// The CPU allocator reports a lack of memory as an ordinary error.
bool is_out_of_memory(const std::string& message) {
  return message.find("out of memory") != std::string::npos ||
         message.find("can't allocate memory") != std::string::npos;
}

class Reporter {
 public:
  Reporter(std::string program, const std::function<std::string()>& memory_advice)
      : program_(std::move(program)), memory_advice_(memory_advice) {}

  int error(const std::string& message, ExitStatus status) const {
    // It may quote a file: one line, and nothing that a terminal obeys.
    std::cerr << program_ << ": error: " << on_one_line(message) << std::endl;
    return status;
  }

  /// Of work that has nothing to go on with.
  int stopped() const {
    std::cerr << program_ << ": stopped by a signal; the same command begins again" << std::endl;
    return kExitInterrupted;
  }

  int out_of_memory() const { return error("out of memory" + advice(), kExitFailure); }

 private:
  /// What is wrong besides must not hide that memory ran out.
  std::string advice() const {
    try {
      return memory_advice_ ? ": " + memory_advice_() : "";
    } catch (const std::exception&) {
      return "";
    }
  }

  std::string program_;
  const std::function<std::string()>& memory_advice_;
};

int run_guarded(const Reporter& report, const std::function<int()>& body) {
  try {
    return body();
  } catch (const Interrupted&) {
    return report.stopped();
  } catch (const ConfigError& error) {
    return report.error(error.what(), kExitConfig);
  } catch (const DataError& error) {
    return report.error(error.what(), kExitData);
  } catch (const FileError& error) {
    return report.error(error.what(), kExitData);
  } catch (const std::filesystem::filesystem_error& error) {
    return report.error(error.what(), kExitData);
  } catch (const c10::OutOfMemoryError&) {
    return report.out_of_memory();
  } catch (const c10::Error& error) {
    const std::string message = first_line(error.what_without_backtrace());
    return is_out_of_memory(message) ? report.out_of_memory() : report.error(message, kExitFailure);
  } catch (const std::bad_alloc&) {
    return report.out_of_memory();
  } catch (const std::exception& error) {
    return report.error(error.what(), kExitFailure);
  }
}

/// A file of ours that got the number of a closed standard stream would get its output, too.
void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF) {
      ::open("/dev/null", O_RDWR);  // takes the lowest number that is free
    }
  }
}

/// What a program prints may be its result. That nobody reads on is the reader's choice.
int flush_output(const Reporter& report, int status) {
  std::signal(SIGPIPE, SIG_IGN);
  errno = 0;
  std::cout.flush();
  const bool written = std::fflush(stdout) == 0 && std::cout.good() && std::ferror(stdout) == 0;
  pollfd reader{STDOUT_FILENO, 0, 0};
  const bool is_read = ::poll(&reader, 1, 0) < 1 || (reader.revents & POLLERR) == 0;
  if (written || !is_read || status != kExitDone) {
    return status;
  }
  return report.error(std::string("standard output can't be written") +
                          (errno != 0 ? std::string(": ") + std::strerror(errno) : ""),
                      kExitData);
}

/// The arguments as CLI11 wants them, the last one first, with `~` expanded where a shell leaves
/// it: in quotes and in `--data=~/x`.
std::vector<std::string> arguments(int argc, const char* const* argv) {
  std::vector<std::string> all;
  for (int i = argc - 1; i > 0; --i) {
    const std::string text = argv[i];
    const size_t value = text.starts_with("--") ? text.find('=') + 1 : 0;  // 0 without one, too
    all.push_back(text.substr(0, value) + expand_home(text.substr(value)).string());
  }
  return all;
}

}  // namespace

int run_program(CLI::App& app, int argc, const char* const* argv, const std::function<int()>& body,
                const std::function<std::string()>& memory_advice) {
  open_standard_streams();
  const Reporter report(app.get_name(), memory_advice);
  try {
    app.parse(arguments(argc, argv));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      return app.exit(error);  // --help and --version
    }
    return report.error(std::string(error.what()) + "; see " + app.get_name() + " --help",
                        kExitConfig);
  }
  return flush_output(report, run_guarded(report, body));
}

void write_whole(const std::function<void()>& write) {
  const ScopedSignals signals;
  write();
}

std::string memory_advice(const Config& config) {
  return "search.batch_size is " + std::to_string(config.search.batch_size) +
         " and evaluation.batch_size " + std::to_string(config.evaluation.batch_size) +
         "; a smaller batch, fewer channels or fewer cells need less, and in validation and tests "
         "a smaller search.validation_batch_size or evaluation.test_batch_size";
}

}  // namespace sanas
