// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/progress.h"

#include <sys/ioctl.h>
#include <torch/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <limits>

#include "core/time_text.h"
#include "core/utf8.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

constexpr int64_t kBarWidth = 20;
constexpr const char* kEraseToEnd = "\x1b[K";

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string steps_per_second_text(double rate) {
  std::array<char, 32> text{};
  if (rate >= 1.0) {
    std::snprintf(text.data(), text.size(), "%.1f/s", rate);
  } else if (rate > 0.0) {
    std::snprintf(text.data(), text.size(), "%.1f s each", 1.0 / rate);
  } else {
    return "-/s";
  }
  return text.data();
}

/// Three digits, as far as thousandths.
std::string seconds_per_step_text(double rate) {
  if (rate <= 0.0) {
    return "- s/step";
  }
  const double seconds = 1.0 / rate;
  const int decimals = seconds >= 100.0 ? 0 : seconds >= 10.0 ? 1 : seconds >= 1.0 ? 2 : 3;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f s/step", decimals, seconds);
  return text.data();
}

}  // namespace

ProgressOptions progress_options(bool quiet, Log& log) {
  ProgressOptions options;
  options.quiet = quiet;
  options.log = &log;
  return options;
}

ProgressDisplay::ProgressDisplay(std::string title, int64_t total, int64_t done,
                                 ProgressOptions options)
    : title_(on_one_line(std::move(title))),
      total_(total),
      first_(done),
      done_(done),
      options_(std::move(options)),
      terminal_(options_.terminal.value_or(::isatty(STDERR_FILENO) == 1)) {
  TORCH_CHECK(total > 0 && done >= 0 && done <= total, "progress of ", done, " of ", total);
  if (options_.output == nullptr) {
    options_.output = &std::cerr;
  }
  if (!options_.clock) {
    options_.clock = steady_seconds;
  }
  start_ = options_.clock();
  // A bar is drawn at once, a plain line after its interval.
  last_shown_ = terminal_ ? -std::numeric_limits<double>::infinity() : start_;
  if (options_.log != nullptr) {
    options_.log->add_bar(this, [this] { hide(); });
  }
}

ProgressDisplay::~ProgressDisplay() {
  if (options_.log != nullptr) {
    options_.log->remove_bar(this);
  }
  if (visible_ && !finished_) {
    print("\n");
  }
}

void ProgressDisplay::update(int64_t done, const std::string& message) {
  const std::lock_guard lock(mutex_);
  done_ = std::clamp<int64_t>(done, 0, total_);
  if (options_.quiet || finished_) {
    return;
  }
  message_ = on_one_line(message);
  work_.clear();
  const double now = options_.clock();
  if (now - last_shown_ < (terminal_ ? options_.redraw_seconds : options_.line_seconds)) {
    return;
  }
  last_shown_ = now;
  visible_ = terminal_;
  show(now);
}

void ProgressDisplay::show_work(const std::string& work) {
  const std::lock_guard lock(mutex_);
  if (options_.quiet || finished_ || !terminal_ || work == work_) {
    return;
  }
  work_ = on_one_line(work);
  const double now = options_.clock();
  last_shown_ = now;
  visible_ = true;
  show(now);
}

void ProgressDisplay::hide() {
  const std::lock_guard lock(mutex_);
  if (visible_ && !finished_) {
    print(std::string("\r") + kEraseToEnd);
    visible_ = false;
    last_shown_ = -std::numeric_limits<double>::infinity();
  }
}

void ProgressDisplay::finish() {
  const std::lock_guard lock(mutex_);
  if (options_.quiet || finished_) {
    return;
  }
  finished_ = true;
  work_.clear();
  const double now = options_.clock();
  show(now);
}

void ProgressDisplay::close() {
  done_ = total_;
  if (terminal_) {
    hide();
    finished_ = true;
  } else if (has_shown_) {
    finish();
  }
}

double ProgressDisplay::rate(double now) const {
  return now > start_ ? static_cast<double>(done_ - first_) / (now - start_) : 0.0;
}

std::string ProgressDisplay::rate_text(double now) const {
  return options_.seconds_per_step ? seconds_per_step_text(rate(now))
                                   : steps_per_second_text(rate(now));
}

/// Time to go, or the time that the task took.
std::string ProgressDisplay::remaining(double now) const {
  if (finished_) {
    return "in " + duration_text(now - start_);
  }
  const double speed = rate(now);
  return "ETA " + (speed > 0.0 ? duration_text(static_cast<double>(total_ - done_) / speed) : "-");
}

std::string ProgressDisplay::bar_line(double now) const {
  const int64_t filled = kBarWidth * done_ / total_;
  std::string bar(static_cast<size_t>(filled), '=');
  if (filled < kBarWidth) {
    bar += '>';
  }
  bar.resize(kBarWidth, ' ');
  std::array<char, 8> percent{};
  std::snprintf(percent.data(), percent.size(), "%3d%%", static_cast<int>(100 * done_ / total_));
  const std::string line = title_ + " " + percent.data() + " [" + bar + "] " +
                           std::to_string(done_) + "/" + std::to_string(total_) + "  " +
                           (work_.empty() ? "" : work_ + "  ") + rate_text(now) + "  " +
                           remaining(now) + "  " + message_;
  // A bar that wraps can't be redrawn in place.
  return std::string(first_code_points(line, terminal_width() - 1));
}

std::string ProgressDisplay::plain_line(double now) const {
  return title_ + ": " + std::to_string(done_) + "/" + std::to_string(total_) + " (" +
         std::to_string(100 * done_ / total_) + "%), " + rate_text(now) + ", " + remaining(now) +
         (message_.empty() ? "" : ", " + message_);
}

void ProgressDisplay::show(double now) {
  has_shown_ = true;
  std::string line = terminal_ ? bar_line(now) : plain_line(now);
  if (terminal_) {
    line.insert(0, 1, '\r').append(kEraseToEnd);
  }
  if (!terminal_ || finished_) {
    line += '\n';
  }
  print(line);
}

void ProgressDisplay::print(const std::string& text) { *options_.output << text << std::flush; }

}  // namespace sanas
