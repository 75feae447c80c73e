// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace sanas {
namespace {

// A signal handler can reach nothing but globals.
std::atomic<bool> stop_flag{false};
std::atomic<bool> save_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_stop(int signal) {
  if (stop_flag.exchange(true)) {
    _exit(128 + signal);
  }
}

void on_save(int /*signal*/) { save_flag = true; }

void install(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

ScopedSignals::ScopedSignals() {
  stop_flag = false;
  save_flag = false;
  install(SIGINT, on_stop);
  install(SIGTERM, on_stop);
  install(SIGUSR1, on_save);
  install(SIGXFSZ, SIG_IGN);  // a file-size limit then is an error of the write
}

ScopedSignals::~ScopedSignals() {
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGXFSZ}) {
    install(signal, SIG_DFL);
  }
}

bool ScopedSignals::stop_requested() { return stop_flag; }

bool ScopedSignals::take_save_request() { return save_flag.exchange(false); }

}  // namespace sanas
