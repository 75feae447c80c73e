// SPDX-License-Identifier: Apache-2.0
#include "formats/json_lines.h"

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::content_of;
using test::file_error;
using test::TemporaryFolder;
using testing::HasSubstr;

TEST(JsonLinesFile, WritesOneObjectPerLineInOrder) {
  const TemporaryFolder folder;
  JsonLinesFile log(folder / "m.jsonl", false);
  log.write({{"phase", "search"}, {"step", int64_t{3}}, {"loss", 0.1}, {"last", true}});
  log.write({{"text", "a\"\n\xc3\xa4"}, {"one", 1.0}, {"tiny", 5e-324}});
  // On disk as soon as written.
  EXPECT_EQ(content_of(folder / "m.jsonl"),
            "{\"phase\":\"search\",\"step\":3,\"loss\":0.1,\"last\":true}\n"
            "{\"text\":\"a\\\"\\n\xc3\xa4\",\"one\":1.0,\"tiny\":5e-324}\n");
}

TEST(JsonLinesFile, DoublesComeBackExactly) {
  for (const double value : {1.0 / 3.0, 2.5e-17, -1.7976931348623157e308, 0.1 + 0.2}) {
    EXPECT_EQ(nlohmann::json::parse(to_json({{"v", value}}))["v"].get<double>(), value);
  }
}

TEST(JsonLinesFile, NonFiniteNumbersAreNullAndNamed) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(to_json({{"a", std::nan("")}, {"b", 1.5}, {"c", infinity}, {"d", -infinity}}),
            R"({"a":null,"b":1.5,"c":null,"d":null,)"
            R"("nonfinite":{"a":"nan","c":"inf","d":"-inf"}})");
}

TEST(JsonLinesFile, InvalidUtf8IsReplaced) {
  EXPECT_EQ(to_json({{"a", "x\xffy"}}), "{\"a\":\"x\xef\xbf\xbdy\"}");
}

TEST(JsonLinesFile, KeysMustDiffer) {
  EXPECT_THROW(to_json({{"a", 1.0}, {"a", 2.0}}), c10::Error);
  EXPECT_THROW(to_json({{"nonfinite", true}}), c10::Error);
}

TEST(JsonLinesFile, AppendingGoesOnAfterTheLastWholeLine) {
  const TemporaryFolder folder;
  test::write_content(folder / "m.jsonl", "{\"a\":1}\n{\"a\":2}\n{\"a\":" + std::string(9000, '3'));
  {
    JsonLinesFile log(folder / "m.jsonl", true);
    EXPECT_EQ(log.position(), 2U);
    log.write({{"a", int64_t{4}}});
    EXPECT_EQ(log.position(), 3U);
  }
  EXPECT_EQ(content_of(folder / "m.jsonl"), "{\"a\":1}\n{\"a\":2}\n{\"a\":4}\n");
  { const JsonLinesFile log(folder / "m.jsonl", false); }
  EXPECT_EQ(content_of(folder / "m.jsonl"), "");
}

TEST(JsonLinesFile, TruncatesToAPositionOfBefore) {
  const TemporaryFolder folder;
  JsonLinesFile log(folder / "m.jsonl", false);
  log.write({{"a", int64_t{1}}});
  const uint64_t position = log.position();
  EXPECT_EQ(position, 1U);
  log.sync();
  log.write({{"a", int64_t{2}}});
  EXPECT_THAT(file_error([&] { log.truncate_to(100); }),
              HasSubstr("m.jsonl: has 2 lines, the checkpoint goes on after line 100"));
  log.truncate_to(position);
  log.write({{"a", int64_t{3}}});
  EXPECT_EQ(content_of(folder / "m.jsonl"), "{\"a\":1}\n{\"a\":3}\n");
  log.truncate_to(0);
  EXPECT_EQ(content_of(folder / "m.jsonl"), "");
}

TEST(JsonLinesFile, FullDiskLeavesWholeLines) {
  const TemporaryFolder folder;
  JsonLinesFile log(folder / "m.jsonl", false);
  log.write({{"a", int64_t{1}}});
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit saved{};
  getrlimit(RLIMIT_FSIZE, &saved);
  const rlimit limit{12, saved.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  const auto message = file_error([&] { log.write({{"a", int64_t{2}}}); });
  setrlimit(RLIMIT_FSIZE, &saved);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, HasSubstr("m.jsonl: can't be written: File too large"));
  EXPECT_EQ(content_of(folder / "m.jsonl"), "{\"a\":1}\n");
  log.write({{"a", int64_t{3}}});
  EXPECT_EQ(content_of(folder / "m.jsonl"), "{\"a\":1}\n{\"a\":3}\n");
}

TEST(JsonLinesFile, ThreadsNeverMixTheirLines) {
  const TemporaryFolder folder;
  JsonLinesFile log(folder / "m.jsonl", false);
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&log, t] {
      for (int64_t i = 0; i < 250; ++i) {
        log.write({{"thread", t}, {"i", i}});
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  std::istringstream lines(content_of(folder / "m.jsonl"));
  std::vector<int64_t> next(4, 0);
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["i"], next[json["thread"].get<size_t>()]++);
  }
  EXPECT_EQ(next, std::vector<int64_t>(4, 250));
}

TEST(JsonLinesFile, UnusablePathsAreNamed) {
  const TemporaryFolder folder;
  EXPECT_THAT(file_error([&] { JsonLinesFile(folder / "no/m.jsonl", false); }),
              HasSubstr("no/m.jsonl: can't be opened for metrics: No such file"));
  EXPECT_THAT(file_error([&] { JsonLinesFile(folder.path(), true); }), HasSubstr("Is a directory"));
}

TEST(JsonLinesFile, WritesGroupsOfNumbersAsAListOfObjects) {
  const NumberGroups groups{{{"b", 0.25}, {"a \"x\"", NAN}}, {}};
  EXPECT_EQ(to_json({{"edges", groups}}), R"({"edges":[{"b":0.25,"a \"x\"":null},{}]})");
}

TEST(DamagedJsonLines, AreRefusedOrGoneOnWith) {
  const test::TemporaryFolder folder;
  const auto file = folder / "metrics.jsonl";
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    lines += to_json({{"step", int64_t{i}}, {"loss", 1.0 / (i + 1)}}) + "\n";
  }
  expect_damage_is_survived<FileError>(lines, [&](const std::string& text) {
    test::write_content(file, text);
    JsonLinesFile log(file, /*append=*/true);
    log.truncate_to(3);
    log.write({{"step", int64_t{3}}});
    const std::string now = test::content_of(file);
    EXPECT_EQ(now.back(), '\n');
  });
}

}  // namespace
}  // namespace sanas
