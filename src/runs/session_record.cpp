// SPDX-License-Identifier: Apache-2.0
#include "runs/session_record.h"

#include <ATen/Parallel.h>
#include <sys/utsname.h>
#include <torch/version.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <thread>
#include <vector>

#include "core/time_text.h"
#include "formats/json_lines.h"
#include "report/run_files.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// The value behind the first line that begins with `key` in a file of keys and values; empty where
/// there is none.
std::string value_in(const fs::path& path, const std::string& key, char separator) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t at = line.find(separator);
    if (line.starts_with(key) && at != std::string::npos) {
      line.erase(0, line.find_first_not_of(" \t\"", at + 1));
      line.erase(line.find_last_not_of(" \t\"") + 1);
      return line;
    }
  }
  return "";
}

std::string processor_name() {
  const std::string model = value_in("/proc/cpuinfo", "model name", ':');
  utsname system{};
  return !model.empty() || ::uname(&system) != 0 ? model : system.machine;
}

/// As the driver lists the GPUs; empty without it.
std::string gpu_name(int index) {
  std::error_code error;
  fs::directory_iterator it("/proc/driver/nvidia/gpus", error);
  for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
    if (index-- == 0) {
      return value_in(it->path() / "information", "Model", ':');
    }
  }
  return "";
}

std::string device_text(const torch::Device& device) {
  if (!device.is_cuda()) {
    return device.str();
  }
  const std::string name = gpu_name(device.has_index() ? device.index() : 0);
  return device.str() + (name.empty() ? "" : " (" + name + ")");
}

}  // namespace

void record_session(const fs::path& folder, const std::string& program, const torch::Device& device,
                    int64_t first_step) {
  JsonLinesFile(folder / run_files::kSessions, true)
      .write({{"program", program},
              {"version", std::string(SANAS_VERSION)},
              {"libtorch", std::string(TORCH_VERSION)},
              {"started", utc_text(std::time(nullptr), "%Y-%m-%dT%H:%M:%SZ")},
              {"first_step", first_step},
              {"processor", processor_name()},
              {"cores", static_cast<int64_t>(std::thread::hardware_concurrency())},
              {"threads", static_cast<int64_t>(at::get_num_threads())},
              {"memory_bytes",
               static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE)},
              {"device", device_text(device)},
              {"system", value_in("/etc/os-release", "PRETTY_NAME", '=')}});
}

}  // namespace sanas
