// SPDX-License-Identifier: Apache-2.0
// A disk that fails, or a process that is killed, at the calls by which a run changes its folder.
// Each run is a process of its own: a copy of this one.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "faults/interposer.h"
#include "faults/small_run.h"
#include "sanas/core/log.h"
#include "sanas/formats/safetensors.h"
#include "sanas/runs/evaluation_run.h"
#include "sanas/runs/search_run.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

constexpr int kKill = -1;
constexpr int kDone = 0;
constexpr int kFileError = 3;

struct Case {
  const char* name;
  void (*start)(const Config&, const RunOptions&, Log&);
  int64_t max_steps;  // 0: to the end of the last epoch
};

void search(const Config& config, const RunOptions& options, Log& log) {
  run_search(config, options, log);
}

void train(const Config& config, const RunOptions& options, Log& log) {
  run_evaluation(config, load_genotype("DARTS_V2"), options, log);
}

/// Memory that a process shares with its copies.
long& shared_number() {
  static auto* number = static_cast<long*>(
      mmap(nullptr, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return *number;
}

class RunFaults : public testing::TestWithParam<Case> {
 protected:
  RunFaults() { write_cifar10(folder_ / "data"); }

  /// Runs in a process of its own, from where the folder stands, and returns its exit status, or −1
  /// if it was killed.
  int run(const fs::path& out, long call, int error) {
    shared_number() = 0;
    std::cout.flush();
    const pid_t child = fork();
    if (child == 0) {
      sanas_faults_arm(out.c_str(), call, -1, error);
      int status = kDone;
      try {
        Log log(/*quiet=*/true);
        const bool resume = fs::exists(out / "config.yaml");
        Config config = small_run(folder_ / "data");
        config.search.max_steps = config.evaluation.max_steps = GetParam().max_steps;
        GetParam().start(config, {.out = out, .resume = resume, .quiet = true}, log);
      } catch (const FileError& error) {
        status = std::string(error.what()).find('\n') == std::string::npos ? kFileError : 1;
      } catch (const std::exception& error) {
        std::cerr << error.what() << std::endl;
        status = 1;
      }
      shared_number() = sanas_faults_calls();
      _exit(status);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -1 : WEXITSTATUS(status);
  }

  /// Every checkpoint that is there is whole; reading checks the checksum.
  static void expect_whole_checkpoints(const fs::path& out) {
    if (!fs::exists(out / "checkpoints")) {
      return;
    }
    for (const auto& entry : fs::directory_iterator(out / "checkpoints")) {
      if (entry.path().extension() == ".safetensors") {
        EXPECT_NO_THROW(EXPECT_TRUE(has_checksum(read_safetensors(entry.path()))));
      }
    }
  }

  /// Lets the run fail at one of its calls after the other, and go on. All of them take minutes:
  /// SANAS_FAULT_STRIDE=1 does that, by default it is every fifth one, beginning with `first`.
  void expect_survival(int error, int expected_status, long first) {
    const char* text = std::getenv("SANAS_FAULT_STRIDE");
    const long stride = text == nullptr ? 5 : std::atol(text);
    const fs::path whole = folder_ / "whole";
    ASSERT_EQ(run(whole, 0, 0), kDone);
    const long calls = shared_number();
    ASSERT_GT(calls, 40);
    for (long call = stride == 1 ? 1 : first; call <= calls; call += stride) {
      SCOPED_TRACE("call " + std::to_string(call));
      const fs::path out = folder_ / "out";
      const int status = run(out, call, error);
      if (status == kDone) {  // only the report, which a run does without, could not be written
        expect_same_files(out, whole);
      } else {
        ASSERT_EQ(status, expected_status);
      }
      expect_whole_checkpoints(out);
      ASSERT_EQ(run(out, 0, 0), kDone);
      expect_same_files(out, whole);
      fs::remove_all(out);
    }
  }

 private:
  /// metrics.jsonl without times and memory.
  static std::string comparable(const std::string& metrics) {
    std::istringstream lines(metrics);
    std::string result;
    for (std::string line; std::getline(lines, line);) {
      auto object = nlohmann::ordered_json::parse(line);
      for (auto it = object.begin(); it != object.end();) {
        const bool varies = it.key().find("seconds") != std::string::npos ||
                            it.key().find("memory") != std::string::npos;
        it = varies ? object.erase(it) : std::next(it);
      }
      result += object.dump() + "\n";
    }
    return result;
  }

  static std::map<std::string, std::string> files_of(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().lexically_relative(folder).string();
      const bool has_times = name == "log.txt" || name == "report.html" ||
                             name == "sessions.jsonl" || name.starts_with("events.");
      if (entry.is_regular_file() && !has_times) {
        const std::string content = test::content_of(entry.path());
        files[name] = name == "metrics.jsonl" ? comparable(content) : content;
      }
    }
    return files;
  }

  static void expect_same_files(const fs::path& found, const fs::path& expected) {
    const auto now = files_of(found);
    const auto before = files_of(expected);
    for (const auto& [name, content] : before) {
      ASSERT_TRUE(now.count(name) > 0) << name;
      EXPECT_EQ(now.at(name) == content, true) << name << " differs";
    }
    EXPECT_EQ(now.size(), before.size());
  }

 protected:
  TemporaryFolder folder_;
};

class KilledRun : public RunFaults {};
class RunOnAFullDisk : public RunFaults {};

TEST_P(KilledRun, GoesOnAsIfNothingHadHappened) { expect_survival(kKill, -1, 1); }

TEST_P(RunOnAFullDisk, EndsWithAnErrorAndGoesOnWhenThereIsRoom) {
  expect_survival(ENOSPC, kFileError, 4);
}

constexpr Case kSearch{"search", &search, 0};
constexpr Case kTraining{"training", &train, 0};
std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Programs, KilledRun,
                         testing::Values(kSearch, kTraining,
                                         Case{"search_within_an_epoch", &search, 4},
                                         Case{"training_within_an_epoch", &train, 4}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Programs, RunOnAFullDisk, testing::Values(kSearch, kTraining), name_of);

}  // namespace
}  // namespace sanas
