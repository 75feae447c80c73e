// SPDX-License-Identifier: Apache-2.0
// The only source that sees spdlog: its fmt and LibTorch's can't share a translation unit.
#include "sanas/core/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <utility>
#include <vector>

#include "sanas/core/error.h"

namespace sanas {

struct Log::Implementation {
  std::shared_ptr<spdlog::sinks::stderr_color_sink_mt> console =
      std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  spdlog::logger logger{"sanas", console};
  std::mutex mutex;
  std::vector<std::pair<const void*, std::function<void()>>> bars;

  void write(spdlog::level::level_enum level, const std::string& line) {
    {
      const std::lock_guard lock(mutex);
      for (const auto& [bar, hide] : bars) {
        hide();
      }
    }
    logger.log(level, "{}", line);
  }
};

Log::Log(bool quiet) : implementation_(std::make_unique<Implementation>()) {
  implementation_->console->set_pattern("%^%v%$");
  implementation_->console->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
  // A disk that takes no more lines takes no checkpoint either, which ends the run with an error.
  implementation_->logger.set_error_handler([](const std::string& /*message*/) {});
}

Log::~Log() = default;

bool Log::quiet() const { return implementation_->console->level() > spdlog::level::info; }

void Log::add_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_fifo(path, ignored)) {  // it would be waited for
    throw FileError(path.string() + ": is a pipe, the log needs a file");
  }
  try {
    auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    file->set_pattern("%Y-%m-%d %H:%M:%S %l %v");
    implementation_->logger.sinks().push_back(std::move(file));
    implementation_->logger.flush_on(spdlog::level::info);
  } catch (const spdlog::spdlog_ex& error) {
    throw FileError(path.string() + ": can't be opened for the log: " + error.what());
  }
}

void Log::add_bar(const void* bar, std::function<void()> hide) {
  const std::lock_guard lock(implementation_->mutex);
  implementation_->bars.emplace_back(bar, std::move(hide));
}

void Log::remove_bar(const void* bar) {
  const std::lock_guard lock(implementation_->mutex);
  std::erase_if(implementation_->bars, [&](const auto& known) { return known.first == bar; });
}

void Log::info(const std::string& line) { implementation_->write(spdlog::level::info, line); }
void Log::warn(const std::string& line) { implementation_->write(spdlog::level::warn, line); }
void Log::error(const std::string& line) { implementation_->write(spdlog::level::err, line); }
void Log::flush() { implementation_->logger.flush(); }

}  // namespace sanas
