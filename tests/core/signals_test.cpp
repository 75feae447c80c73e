// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/signals.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace sanas {
namespace {

TEST(Signals, EachOfThemAsksForAStop) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const ScopedSignals signals;
    EXPECT_FALSE(ScopedSignals::stop_requested());
    std::raise(signal);
    EXPECT_TRUE(ScopedSignals::stop_requested());
  }
  EXPECT_TRUE(ScopedSignals::stop_requested()) << "until there are others";
}

TEST(Signals, OneRequestMayComeTwice) {
  const ScopedSignals signals;
  sigset_t both{};
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  sigprocmask(SIG_BLOCK, &both, nullptr);
  std::raise(SIGTERM);
  std::raise(SIGINT);
  sigprocmask(SIG_UNBLOCK, &both, nullptr);  // one comes right after the other
  EXPECT_TRUE(ScopedSignals::stop_requested());
}

TEST(SignalsDeathTest, ASecondRequestEndsAtOnce) {
  const auto ask_twice = [] {
    const ScopedSignals signals;
    std::raise(SIGINT);
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    std::raise(SIGTERM);
  };
  EXPECT_EXIT(ask_twice(), testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST(Signals, WhatIsIgnoredUnderNohupStaysIgnored) {
  std::signal(SIGHUP, SIG_IGN);
  {
    const ScopedSignals signals;
    std::raise(SIGHUP);
    EXPECT_FALSE(ScopedSignals::stop_requested());
  }
  EXPECT_EQ(std::signal(SIGHUP, SIG_DFL), SIG_IGN);
}

TEST(Signals, ACheckpointIsAskedForOnce) {
  const ScopedSignals signals;
  EXPECT_FALSE(ScopedSignals::take_save_request());
  std::raise(SIGUSR1);
  EXPECT_TRUE(ScopedSignals::take_save_request());
  EXPECT_FALSE(ScopedSignals::take_save_request());
}

TEST(Signals, OutputThatNobodyReadsEndsNothingAndWhatWasBeforeComesBack) {
  {
    const ScopedSignals signals;
    std::raise(SIGPIPE);
  }
  EXPECT_EQ(std::signal(SIGPIPE, SIG_DFL), SIG_DFL);
}

}  // namespace
}  // namespace sanas
