// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/config/config.h"
#include "sanas/report/report.h"
#include "support/run_folders.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using test::kFound;
using test::kOther;
using test::make_maps;
using test::make_searched;
using test::make_trained;
using test::TemporaryFolder;
using test::write_content;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A search, its training, the maps of that, and two random genotypes, below one folder.
struct ChainFolders {
  explicit ChainFolders(const fs::path& parent)
      : maps(parent / "a-maps"),
        trained(parent / "b-eval"),
        random0(parent / "random" / "random-0"),
        random1(parent / "random" / "random-1"),
        searched(parent / "z-search") {
    make_searched(searched, kFound);
    make_trained(trained, kFound, 0.75);
    make_maps(maps, trained / "checkpoints" / "last.safetensors");
    make_trained(random0, kOther, 0.5);
    make_trained(random1, kOther, 0.25);
    for (const auto& folder : {searched, trained, random0, random1}) {
      write_content(folder / "config.yaml", to_yaml(Config{}));
      write_content(folder / "log.txt", "a line\n");
    }
  }

  fs::path maps;
  fs::path trained;
  fs::path random0;
  fs::path random1;
  fs::path searched;
};

/// Whether the parts stand in this order, each once.
void expect_order(const std::string& html, const std::vector<std::string>& ids) {
  size_t last = 0;
  for (const auto& id : ids) {
    const std::string text = "<section id=\"" + id + "\"";
    const size_t at = html.find(text);
    ASSERT_NE(at, std::string::npos) << id;
    EXPECT_GT(at, last) << id;
    EXPECT_EQ(html.find(text, at + 1), std::string::npos) << id;
    last = at;
  }
}

TEST(ChainPage, TellsAChainInTheOrderOfItsReadersQuestions) {
  const TemporaryFolder folder;
  const ChainFolders runs(folder.path());
  for (const auto& given :
       {std::vector<fs::path>{runs.searched, runs.trained, runs.maps, folder / "random"},
        std::vector<fs::path>{folder.path()}}) {
    const std::string html = make_report(given, folder.path());
    expect_order(html,
                 {"found", "quality", "looks", "search", "training", "records", "configurations"});
    EXPECT_THAT(html, Not(HasSubstr("ide by side")));
    EXPECT_THAT(html, HasSubstr("better than 2 of 2"));
    EXPECT_THAT(html, HasSubstr("trained in the same way"));
    EXPECT_THAT(html, Not(HasSubstr("given")));  // nothing is missing
  }
}

TEST(ChainPage, SaysOfEachMissingPartHowToMakeIt) {
  const TemporaryFolder folder;
  const ChainFolders runs(folder.path());
  const auto page = [&](const std::vector<fs::path>& given) {
    return make_report(given, folder.path());
  };
  const std::string search = "The search of these cells was not given";
  const std::string training = "No training of this network was given";
  const std::string maps = "No maps of this network were given";
  const std::string random = "No trainings of random genotypes";
  EXPECT_THAT(
      page({runs.searched, runs.trained}),
      AllOf(Not(HasSubstr(search)), Not(HasSubstr(training)), HasSubstr(maps), HasSubstr(random)));
  EXPECT_THAT(page({runs.maps, runs.trained, runs.random0}),
              AllOf(HasSubstr(search), Not(HasSubstr(training)), Not(HasSubstr(maps)),
                    Not(HasSubstr(random)), Not(HasSubstr("<section id=\"search\""))));
  EXPECT_THAT(page({runs.searched, runs.random0}),
              AllOf(HasSubstr(training), HasSubstr(maps), Not(HasSubstr(random))));
}

/// A key that is the same in all that have it is no difference.
TEST(ChainPage, ListsTheKeysThatDifferAndNoOther) {
  const TemporaryFolder folder;
  const ChainFolders runs(folder.path());
  Config config;
  config.search.epochs += 1;
  write_content(runs.trained / "config.yaml", to_yaml(config));
  const std::string html = make_report({runs.searched, runs.trained, runs.maps}, folder.path());
  const size_t begin = html.find("id=\"configurations-differences\"");
  const std::string differences =
      html.substr(begin, html.find("id=\"configurations-all\"") - begin);
  EXPECT_THAT(differences, HasSubstr("<code>search.epochs</code>"));
  size_t rows = 0;
  for (size_t at = 0; (at = differences.find("<th scope=\"row\">", at)) != std::string::npos;
       ++at) {
    ++rows;
  }
  EXPECT_EQ(rows, 1U);
}

TEST(ChainPage, SaysWhereTheRandomGenotypesWereTrainedOtherwise) {
  const TemporaryFolder folder;
  const ChainFolders runs(folder.path());
  Config config;
  config.evaluation.epochs += 1;
  write_content(runs.random1 / "config.yaml", to_yaml(config));
  const std::string html = make_report({folder.path()}, folder.path());
  EXPECT_THAT(html, HasSubstr("They were not trained in the same way"));
  EXPECT_THAT(html, HasSubstr("<code>evaluation.epochs</code>"));
}

TEST(ChainPage, MapsOfAnotherNetworkStandByThemselves) {
  const TemporaryFolder folder;
  const ChainFolders runs(folder.path());
  const fs::path other = make_maps(folder / "other", folder / "gone/checkpoints/last.safetensors");
  const std::string html =
      make_report({runs.searched, other, runs.trained, runs.maps}, folder.path());
  EXPECT_THAT(html, HasSubstr("other names no checkpoint of these runs"));
  const size_t maps = html.find("id=\"maps-1\"");
  ASSERT_NE(maps, std::string::npos);
  EXPECT_EQ(html.find("id=\"maps-2\""), std::string::npos);
  EXPECT_GT(html.find("<h2 id=\"other-1-title\">other"), maps);
}

TEST(ChainPage, SaysWhatIsDamagedAndOfWhichRun) {
  const TemporaryFolder folder;
  const ChainFolders runs(folder.path());
  write_content(runs.trained / "test_report.json", "{");
  write_content(runs.maps / "predictions.jsonl", "[1]\n");
  const std::string html = make_report({folder.path()}, folder.path());
  EXPECT_THAT(html, HasSubstr("Some of b-eval could not be read"));
  EXPECT_THAT(html, HasSubstr("Some of a-maps could not be read"));
  EXPECT_THAT(html, Not(HasSubstr("Some of z-search")));
  EXPECT_THAT(html, HasSubstr("<dt>Test top-1</dt><dd>75.00 %</dd>"));
}

TEST(ChainPage, NeverTakesMarkupFromItsRuns) {
  const TemporaryFolder folder;
  const std::string hostile = "<img src=x onerror=alert(1)>'\"&";
  const fs::path searched = make_searched(folder / ("s" + hostile), kFound);
  const fs::path trained = make_trained(folder / ("t" + hostile), kFound);
  const fs::path maps =
      make_maps(folder / ("m" + hostile), trained / "checkpoints" / "last.safetensors");
  const fs::path other = make_maps(folder / ("o" + hostile), hostile);
  const fs::path random = make_trained(folder / hostile / "random-0", kOther);
  const fs::path again = make_trained(folder / "x" / hostile / "random-0", kOther);
  for (const auto& run : {searched, trained, maps, other, random, again}) {
    write_content(run / "log.txt", hostile + "</pre><script>alert(2)</script>\n");
    write_content(
        run / "sessions.jsonl",
        "[1]\n" +
            std::string(run == maps || run == other ? R"({"program":"sanas_saliency"})" : "") +
            "\n");
  }
  const std::string html =
      make_report({searched, trained, maps, other, random, again}, folder.path());
  EXPECT_THAT(html, HasSubstr("<section id=\"quality\""));
  EXPECT_THAT(html, HasSubstr("onerror"));  // it is there, as text
  EXPECT_THAT(html, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
}

TEST(ChainPage, TwoSearchesWithTrainingsAreCompared) {
  const TemporaryFolder folder;
  for (const auto& [name, genotype] : {std::pair("one", kFound), std::pair("two", kOther)}) {
    make_searched(folder / name / "search", genotype);
    make_trained(folder / name / "eval", genotype);
  }
  const std::string html = make_report({folder.path()}, folder.path());
  EXPECT_THAT(html, HasSubstr("4 runs side by side"));
  expect_order(html, {"comparison", "run1", "run2", "run3", "run4"});
}

}  // namespace
}  // namespace sanas
