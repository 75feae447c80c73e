// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "checkpoint/checkpoint_schedule.h"
#include "sanas/core/signals.h"
#include "sanas/formats/safetensors.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::content_of;
using test::file_error;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

class CheckpointStoreTest : public testing::Test {
 protected:
  static NamedTensors state(int64_t step) {
    NamedTensors tensors;
    tensors.tensors.insert("step", torch::tensor(step));
    return tensors;
  }

  static void save(CheckpointStore& store, int64_t step, std::optional<double> score = {}) {
    store.save(state(step), "step-" + std::to_string(step), score);
  }

  static int64_t step_of(const NamedTensors& tensors) {
    return tensors.tensors["step"].item<int64_t>();
  }
  static int64_t step_in(const std::filesystem::path& file) {
    return step_of(read_safetensors(file));
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// Changes a byte in the middle.
  void damage(const std::string& name) const {
    std::string bytes = content_of(folder_ / name);
    bytes[bytes.size() / 2] ^= 1;
    test::write_content(folder_ / name, bytes);
  }

  /// What is loaded by another process.
  int64_t loaded_step(int64_t keep = 3) {
    CheckpointStore other(folder_.path(), keep);
    Log log(/*quiet=*/true);
    const auto loaded = other.load(log);
    return loaded ? step_of(loaded->tensors) : -1;
  }

  TemporaryFolder folder_;
};

TEST_F(CheckpointStoreTest, FallsBackFromWhatARunCanNotGoOnWith) {
  CheckpointStore store(folder_.path(), 3);
  EXPECT_FALSE(store.holds_any());
  for (int64_t step = 1; step <= 3; ++step) {
    save(store, step);
  }
  EXPECT_TRUE(store.holds_any());
  const auto below = [](int64_t limit) {
    return [limit](const LoadedCheckpoint& checkpoint) {
      if (step_of(checkpoint.tensors) >= limit) {
        throw FileError(checkpoint.source + ": of no use");
      }
    };
  };
  Log log(/*quiet=*/true);
  EXPECT_EQ(step_of(store.load(log, below(9))->tensors), 3);
  EXPECT_EQ(step_of(store.load(log, below(2))->tensors), 1);
  EXPECT_THAT(file_error([&] { store.load(log, below(0)); }),
              AllOf(HasSubstr("last.safetensors: of no use"), HasSubstr("no good checkpoint")));
}

TEST_F(CheckpointStoreTest, KeepsTheLastOnesAndTheBest) {
  CheckpointStore store(folder_.path(), 3);
  EXPECT_EQ(loaded_step(), -1);
  const std::vector<double> scores{0.2, 0.7, 0.1, 0.7, 0.3};
  for (int64_t step = 1; step <= 5; ++step) {
    save(store, step, scores[static_cast<size_t>(step - 1)]);
    EXPECT_EQ(loaded_step(), step);
  }
  EXPECT_THAT(names(), ElementsAre("best.safetensors", "last.safetensors", "step-3.safetensors",
                                   "step-4.safetensors"));
  EXPECT_EQ(step_in(store.last()), 5);
  EXPECT_EQ(step_in(store.best()), 2);  // of equals the first
  EXPECT_EQ(step_in(folder_ / "step-4.safetensors"), 4);
}

TEST_F(CheckpointStoreTest, ASecondOneOfTheSameStateReplacesTheFirst) {
  CheckpointStore store(folder_.path(), 3);
  save(store, 1);
  save(store, 2);
  save(store, 2);
  EXPECT_THAT(names(), ElementsAre("last.safetensors", "step-1.safetensors"));
}

TEST_F(CheckpointStoreTest, KeepingOneKeepsTheLast) {
  CheckpointStore store(folder_.path(), 1);
  save(store, 1);
  save(store, 2);
  EXPECT_THAT(names(), ElementsAre("last.safetensors"));
}

TEST_F(CheckpointStoreTest, GoesOnWhereAnotherProcessEnded) {
  {
    CheckpointStore store(folder_.path(), 2);
    save(store, 1, 0.5);
    save(store, 2, 0.4);
  }
  CheckpointStore store(folder_.path(), 2);
  Log log(/*quiet=*/true);
  store.load(log);
  EXPECT_EQ(store.last_name(), "step-2");
  save(store, 3, 0.45);
  EXPECT_THAT(names(), ElementsAre("best.safetensors", "last.safetensors", "step-2.safetensors"));
  EXPECT_EQ(step_in(store.best()), 1);
  save(store, 4, 0.6);
  EXPECT_EQ(step_in(store.best()), 4);
}

TEST_F(CheckpointStoreTest, ABestThatAKilledProcessDidNotNameIsNamedLater) {
  {
    CheckpointStore store(folder_.path(), 2);
    save(store, 1, 0.5);
    save(store, 2, 0.6);
  }
  std::filesystem::remove(folder_ / "best.safetensors");
  CheckpointStore store(folder_.path(), 2);
  Log log(/*quiet=*/true);
  store.load(log);
  save(store, 3, 0.1);
  EXPECT_EQ(step_in(store.best()), 2);
}

TEST_F(CheckpointStoreTest, ADamagedOneIsPassedOverWithAWarning) {
  CheckpointStore store(folder_.path(), 3);
  for (int64_t step = 1; step <= 4; ++step) {
    save(store, step);
  }
  damage("last.safetensors");
  const auto before = names();
  testing::internal::CaptureStderr();
  EXPECT_EQ(loaded_step(), 3);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("last.safetensors: is damaged: its checksum is wrong"),
                    HasSubstr("going back to"), HasSubstr("step-3.safetensors")));
  EXPECT_EQ(names(), before);
  damage("step-3.safetensors");
  EXPECT_EQ(loaded_step(), 2);
  std::filesystem::remove(folder_ / "last.safetensors");
  EXPECT_EQ(loaded_step(), 2);
  damage("step-2.safetensors");
  EXPECT_THAT(file_error([&] { loaded_step(); }),
              AllOf(HasSubstr("step-3.safetensors: is damaged"), HasSubstr("no good checkpoint")));
}

TEST_F(CheckpointStoreTest, ADamagedOneIsNotKept) {
  {
    CheckpointStore store(folder_.path(), 3);
    save(store, 1);
    save(store, 2);
  }
  damage("last.safetensors");
  CheckpointStore store(folder_.path(), 3);
  Log log(/*quiet=*/true);
  EXPECT_EQ(step_of(store.load(log)->tensors), 1);
  save(store, 2);
  EXPECT_THAT(names(), ElementsAre("last.safetensors", "step-1.safetensors"));
  EXPECT_EQ(loaded_step(), 2);
}

TEST_F(CheckpointStoreTest, DamagedOnesDoNotTakeThePlaceOfGoodOnes) {
  {
    CheckpointStore store(folder_.path(), 3);
    for (int64_t step = 1; step <= 4; ++step) {
      save(store, 2 * step);
    }
  }
  damage("last.safetensors");
  damage("step-6.safetensors");
  CheckpointStore store(folder_.path(), 3);
  Log log(/*quiet=*/true);
  EXPECT_EQ(step_of(store.load(log)->tensors), 4);
  save(store, 5);
  EXPECT_THAT(names(), ElementsAre("last.safetensors", "step-4.safetensors"));
  save(store, 6);
  EXPECT_THAT(names(), ElementsAre("last.safetensors", "step-4.safetensors", "step-5.safetensors"));
}

TEST_F(CheckpointStoreTest, AFileWithoutAChecksumIsNoCheckpoint) {
  write_safetensors(folder_ / "last.safetensors", state(1));
  EXPECT_THAT(file_error([&] { loaded_step(); }), HasSubstr("it has no checksum"));
}

TEST_F(CheckpointStoreTest, ANameThatLeadsElsewhereIsRefused) {
  for (const char* name : {"", "x", "../../evil", "step-/../x", "step-1\n", "Step-1"}) {
    for (const char* key : {"checkpoint_name", "best_checkpoint"}) {
      auto tensors = state(1);
      tensors.metadata = {{"checkpoint_name", "step-1"}, {"best_checkpoint", "step-1"}};
      tensors.metadata[key] = name;
      request_checksum(tensors);
      write_safetensors(folder_ / "last.safetensors", tensors);
      if (*name == '\0' && std::string(key) == "best_checkpoint") {
        EXPECT_EQ(loaded_step(), 1);  // none so far
      } else {
        EXPECT_THAT(file_error([&] { loaded_step(); }), HasSubstr("its name is no state's"));
      }
    }
  }
}

TEST_F(CheckpointStoreTest, LeavesOtherFilesAlone) {
  test::write_content(folder_ / "mine.safetensors", "x");
  CheckpointStore store(folder_.path(), 1);
  save(store, 1);
  save(store, 2);
  EXPECT_THAT(names(), ElementsAre("last.safetensors", "mine.safetensors"));
}

TEST_F(CheckpointStoreTest, PythonReadsThemAndFindsTheSameChecksum) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no Python environment";
  }
  CheckpointStore store(folder_.path(), 1);
  auto tensors = state(7);
  tensors.tensors.insert("empty", torch::zeros({0, 3}));
  tensors.tensors.insert("w", torch::arange(1000, torch::kFloat));
  store.save(tensors, "step-7");
  test::run_python(folder_.path(), R"(
import zlib
from safetensors import safe_open
with safe_open("last.safetensors", "pt") as file:
    digits = file.metadata()["sanas.checksum"].removeprefix("crc32:")
    assert file.get_tensor("step").item() == 7
    assert file.get_tensor("w").sum().item() == 499500
content = open("last.safetensors", "rb").read()
assert content.count(digits.encode()) == 1
assert zlib.crc32(content.replace(digits.encode(), b"00000000")) == int(digits, 16)
)");
}

TEST(CheckpointSchedule, IsDueByStepsByTimeAndOnRequest) {
  const ScopedSignals signals;
  CheckpointSchedule never({.every_steps = 0, .every_minutes = 0.0, .keep = 3});
  EXPECT_FALSE(never.take_due(1));
  std::raise(SIGUSR1);
  EXPECT_TRUE(never.take_due(1));
  EXPECT_FALSE(never.take_due(2));

  CheckpointSchedule third({.every_steps = 3, .every_minutes = 0.0, .keep = 3});
  EXPECT_FALSE(third.take_due(2));
  EXPECT_TRUE(third.take_due(3));

  CheckpointSchedule soon({.every_steps = 0, .every_minutes = 1e-9, .keep = 3});
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(soon.take_due(1));
  CheckpointSchedule late({.every_steps = 0, .every_minutes = 60.0, .keep = 3});
  EXPECT_FALSE(late.take_due(1));
}

}  // namespace
}  // namespace sanas
