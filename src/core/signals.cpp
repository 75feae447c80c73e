// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/signals.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>

namespace sanas {
namespace {

// A signal handler can reach nothing but globals.
std::atomic<bool> save_flag{false};
/// When the first request to stop came, in nanoseconds; 0: none did.
std::atomic<int64_t> stop_time{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int64_t>::is_always_lock_free);

/// `timeout` and some schedulers signal the process and then its group: the same request twice.
constexpr int64_t kSameRequest = 50'000'000;

void on_stop(int signal) {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  const int64_t now = int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  int64_t first = 0;
  if (!stop_time.compare_exchange_strong(first, now) && now - first > kSameRequest) {
    _exit(128 + signal);
  }
}

void on_save(int /*signal*/) { save_flag = true; }

struct Reaction {
  int signal;
  void (*handler)(int);
  struct sigaction before;
};

std::array<Reaction, 6> reactions{{
    {SIGINT, on_stop, {}},
    {SIGTERM, on_stop, {}},
    {SIGHUP, on_stop, {}},  // the terminal is gone
    {SIGUSR1, on_save, {}},
    {SIGPIPE, SIG_IGN, {}},  // nobody reads the output any more
    {SIGXFSZ, SIG_IGN, {}},  // a file-size limit then is an error of the write
}};

}  // namespace

ScopedSignals::ScopedSignals() {
  stop_time = 0;
  save_flag = false;
  for (auto& [signal, handler, before] : reactions) {
    sigaction(signal, nullptr, &before);
    if (signal == SIGHUP && before.sa_handler == SIG_IGN) {
      continue;  // nohup
    }
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, nullptr);
  }
}

ScopedSignals::~ScopedSignals() {
  for (const auto& reaction : reactions) {
    sigaction(reaction.signal, &reaction.before, nullptr);
  }
}

bool ScopedSignals::stop_requested() { return stop_time != 0; }

bool ScopedSignals::take_save_request() { return save_flag.exchange(false); }

}  // namespace sanas
