// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <thread>
#include <vector>

#include "sanas/core/phase_display.h"

namespace sanas {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// A display that writes to a text and whose time stands still until it is moved.
class Progress : public testing::Test {
 protected:
  ProgressOptions options(bool terminal) {
    ProgressOptions options;
    options.terminal = terminal;
    options.output = &output_;
    options.clock = [this] { return now_; };
    return options;
  }
  /// What was written since the last call.
  std::string written() {
    std::string text = output_.str();
    output_.str("");
    return text;
  }

  std::ostringstream output_;
  double now_ = 100.0;
};

TEST_F(Progress, BarShowsPercentageRateAndRemainingTime) {
  ProgressDisplay progress("search", 200, 0, options(true));
  now_ += 10.0;
  progress.update(50, "loss 1.5");
  // 50 steps in 10 s: 5 per second, 150 to go in 30 s.
  EXPECT_EQ(written(),
            "\rsearch  25% [=====>              ] 50/200  5.0/s  ETA 0:30  loss 1.5\x1b[K");
  now_ += 30.0;
  progress.update(200);
  written();
  progress.finish();
  EXPECT_EQ(written(), "\rsearch 100% [====================] 200/200  5.0/s  in 0:40  \x1b[K\n");
}

TEST_F(Progress, BarIsNotRedrawnTooOften) {
  ProgressDisplay progress("search", 1000, 0, options(true));
  progress.update(1);
  EXPECT_THAT(written(), HasSubstr("1/1000"));
  for (int i = 2; i < 100; ++i) {
    now_ += 0.001;
    progress.update(i);
  }
  EXPECT_EQ(written(), "");
  now_ += 0.1;
  progress.update(100);
  EXPECT_THAT(written(), HasSubstr("100/1000"));
}

TEST_F(Progress, PlainLinesComeAtIntervals) {
  ProgressDisplay progress("search", 100, 0, options(false));
  progress.update(1);
  EXPECT_EQ(written(), "");
  now_ += 20.0;
  progress.update(10, "loss 1.5");
  EXPECT_EQ(written(), "search: 10/100 (10%), 2.0 s each, ETA 3:00, loss 1.5\n");
  now_ += 14.0;
  progress.update(17);
  EXPECT_EQ(written(), "");
  now_ += 166.0;
  progress.update(100);
  written();
  progress.finish();
  EXPECT_EQ(written(), "search: 100/100 (100%), 2.0 s each, in 3:20\n");
  progress.finish();
  EXPECT_EQ(written(), "");
}

TEST_F(Progress, StepsBeforeAResumeDoNotCountForTheRate) {
  ProgressDisplay progress("search", 100, 50, options(false));
  now_ += 20.0;
  progress.update(60);
  EXPECT_EQ(written(), "search: 60/100 (60%), 2.0 s each, ETA 1:20\n");
}

TEST_F(Progress, ABarShowsAtOnceWhatIsBeingDone) {
  ProgressDisplay progress("search", 200, 0, options(true));
  now_ += 10.0;
  progress.update(50, "loss 1.5");
  written();
  progress.show_work("W1");  // in the same moment
  EXPECT_EQ(written(),
            "\rsearch  25% [=====>              ] 50/200  W1  5.0/s  ETA 0:30  loss 1.5\x1b[K");
  progress.show_work("W1");
  EXPECT_EQ(written(), "");
  progress.show_work("A");
  EXPECT_THAT(written(), HasSubstr("50/200  A  5.0/s"));
  now_ += 0.2;
  progress.update(51);
  EXPECT_THAT(written(), HasSubstr("51/200  5.0/s")) << "it is over";
  progress.show_work("A");
  EXPECT_THAT(written(), HasSubstr("51/200  A  5.0/s")) << "and begins again";
  progress.finish();
  EXPECT_THAT(written(), HasSubstr("51/200  5.0/s  in 0:10"));
  progress.show_work("W1");
  EXPECT_EQ(written(), "");
}

TEST_F(Progress, WorkBringsAHiddenBarBack) {
  ProgressDisplay progress("search", 10, 0, options(true));
  progress.update(5);
  progress.hide();
  written();
  progress.show_work("W1");
  EXPECT_THAT(written(), HasSubstr("5/10  W1  "));
  progress.hide();
  EXPECT_EQ(written(), "\r\x1b[K");
}

TEST_F(Progress, LinesDoNotShowWhatIsBeingDone) {
  ProgressDisplay progress("search", 100, 0, options(false));
  now_ += 20.0;
  progress.show_work("W1");
  EXPECT_EQ(written(), "");
  progress.update(10);
  EXPECT_EQ(written(), "search: 10/100 (10%), 2.0 s each, ETA 3:00\n");
}

TEST_F(Progress, SecondsOfAStepHaveThreeDigits) {
  const auto shown = [&](double seconds) {
    auto per_step = options(false);
    per_step.seconds_per_step = true;
    per_step.line_seconds = 0.0;
    ProgressDisplay progress("search", 100, 0, per_step);
    now_ += seconds;
    progress.update(seconds > 0.0 ? 1 : 0);
    const std::string line = written();
    const std::string begin = seconds > 0.0 ? "search: 1/100 (1%), " : "search: 0/100 (0%), ";
    EXPECT_THAT(line, StartsWith(begin));
    return line.substr(begin.size(), line.find(", ETA") - begin.size());
  };
  EXPECT_EQ(shown(0.03125), "0.031 s/step");
  EXPECT_EQ(shown(0.5), "0.500 s/step");
  EXPECT_EQ(shown(1.5), "1.50 s/step");
  EXPECT_EQ(shown(20.0), "20.0 s/step");
  EXPECT_EQ(shown(300.0), "300 s/step");
  EXPECT_EQ(shown(0.0), "- s/step");
}

TEST_F(Progress, QuietShowsNothing) {
  auto quiet = options(true);
  quiet.quiet = true;
  {
    ProgressDisplay progress("search", 10, 0, quiet);
    now_ += 60;
    progress.update(5);
    progress.show_work("W1");
    progress.hide();
    progress.finish();
  }
  EXPECT_EQ(written(), "");
}

TEST_F(Progress, HiddenBarComesBackWithTheNextUpdate) {
  ProgressDisplay progress("search", 10, 0, options(true));
  progress.hide();
  EXPECT_EQ(written(), "");
  progress.update(5);
  written();
  progress.hide();
  EXPECT_EQ(written(), "\r\x1b[K");
  progress.update(6);
  EXPECT_THAT(written(), HasSubstr("6/10"));
}

TEST_F(Progress, TaskLeftEarlyEndsTheLine) {
  {
    ProgressDisplay progress("search", 10, 0, options(true));
    progress.update(5);
    written();
  }
  EXPECT_EQ(written(), "\n");
}

TEST_F(Progress, LongAndMultiLineMessagesStayOnOneLine) {
  ProgressDisplay progress("search", 10, 0, options(true));
  std::string message = "a\nb";
  for (int i = 0; i < 5000; ++i) {
    message += "\xc3\xa4";  // one column, two bytes
  }
  progress.update(1, message);
  const std::string line = written();
  EXPECT_THAT(line, HasSubstr("a b\xc3\xa4"));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_LT(line.size(), 5000U);
  EXPECT_EQ(line[line.size() - 4], '\xa4');  // cut between characters
}

TEST_F(Progress, ThreadsShareADisplay) {
  auto shared = options(false);
  shared.line_seconds = 0.0;
  ProgressDisplay progress("search", 1000, 0, shared);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&progress] {
      for (int i = 0; i < 100; ++i) {
        progress.update(i);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  std::istringstream lines(written());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(line.starts_with("search: ")) << line;
  }
  EXPECT_EQ(count, 400);
}

/// What a display shows of phases.
class Phases : public Progress {
 protected:
  void tell(PhaseDisplay& display, const std::string& name, int64_t done, int64_t total = 4) {
    display.on_phase({name, done, total});
  }
};

TEST_F(Phases, ABarIsGoneWhenThePhaseIsOver) {
  PhaseDisplay display(options(true));
  tell(display, "validation", 0);
  EXPECT_THAT(written(), HasSubstr("validation   0% [>"));
  now_ += 10.0;
  tell(display, "validation", 1);
  EXPECT_THAT(written(), HasSubstr("1/4  10.0 s each  ETA 0:30"));
  now_ += 30.0;
  tell(display, "validation", 4);
  EXPECT_THAT(written(), EndsWith("\r\x1b[K"));
}

TEST_F(Phases, LinesComeOnlyOfWhatTakesLong) {
  PhaseDisplay display(options(false));
  tell(display, "validation", 0);
  now_ += 14.0;
  tell(display, "validation", 4);
  EXPECT_EQ(written(), "");
  tell(display, "validation", 0);  // of the next epoch
  now_ += 20.0;
  tell(display, "validation", 1);
  EXPECT_EQ(written(), "validation: 1/4 (25%), 20.0 s each, ETA 1:00\n");
  now_ += 60.0;
  tell(display, "validation", 4);
  EXPECT_EQ(written(), "validation: 4/4 (100%), 20.0 s each, in 1:20\n");
}

TEST_F(Phases, TheInnermostIsShown) {
  PhaseDisplay display(options(true));
  tell(display, "maps", 0);
  written();
  tell(display, "curves", 0);
  EXPECT_THAT(written(), StartsWith("\r\x1b[K\rcurves"));
  now_ += 1.0;
  tell(display, "curves", 4);
  written();
  now_ += 1.0;
  tell(display, "maps", 2);
  EXPECT_THAT(written(), HasSubstr("2/4  1.0/s  ETA 0:02"));
  tell(display, "curves", 0);  // left by an exception
  now_ += 1.0;
  tell(display, "maps", 3);
  EXPECT_THAT(written(), HasSubstr("maps  75%"));
}

TEST_F(Phases, QuietShowsNothingAndNothingHasNoBar) {
  auto quiet = options(true);
  quiet.quiet = true;
  PhaseDisplay silent(quiet);
  tell(silent, "maps", 0);
  tell(silent, "maps", 4);
  PhaseDisplay display(options(true));
  tell(display, "nothing", 0, 0);
  EXPECT_EQ(written(), "");
}

TEST_F(Progress, ABarLeavesItsLineToTheLog) {
  testing::internal::CaptureStderr();
  Log log;
  auto with_log = options(true);
  with_log.log = &log;
  {
    ProgressDisplay progress("search", 10, 0, with_log);
    progress.update(5);
    written();
    log.warn("careful");
    EXPECT_EQ(written(), "\r\x1b[K");
    log.warn("again");
    EXPECT_EQ(written(), "");
    progress.update(6);
    EXPECT_THAT(written(), HasSubstr("6/10"));
  }
  log.warn("the bar is no more");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "careful\nagain\nthe bar is no more\n");
}

}  // namespace
}  // namespace sanas
