// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sanas/config/config.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::file_error;
using test::TemporaryFolder;
using test::write_content;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "<img src=x onerror=alert(1)>'\"&</pre></script><script>alert(2)";

fs::path make_folder(const fs::path& path) {
  fs::create_directories(path);
  return path;
}

std::string search_line(int step, double loss) {
  return R"({"phase":"search","stage":0,"epoch":0,"step":)" + std::to_string(step) +
         R"(,"learning_rate":0.025,"train1_loss":)" + std::to_string(loss) + "}\n";
}

/// The folder of a search that has logged two mini-batches.
fs::path make_search(const fs::path& path, const Config& config = {}) {
  make_folder(path);
  write_content(path / "config.yaml", to_yaml(config));
  write_content(path / "metrics.jsonl", search_line(0, 2.5) + search_line(1, 1.25));
  return path;
}

std::string report_of(const fs::path& folder) { return make_report({folder}, folder); }

TEST(Report, ShowsTheCurvesOfWhatIsThere) {
  const TemporaryFolder folder;
  const std::string html = report_of(make_search(folder / "run"));
  EXPECT_THAT(html, HasSubstr("Losses of the four levels"));
  EXPECT_THAT(html, HasSubstr("I: W1, training: 2.5 at first, 1.25 at last."));
  EXPECT_THAT(html, HasSubstr("Learning rate"));
  EXPECT_THAT(html, Not(HasSubstr("class=\"problems\"")));
}

TEST(Report, SaysThatMetricsAreCutAndShowsTheRest) {
  const TemporaryFolder folder;
  const fs::path run = make_search(folder / "run");
  const std::string whole = content_of(run / "metrics.jsonl");
  const std::string more = search_line(2, 0.625);
  for (size_t length = 1; length + 2 < more.size(); ++length) {
    write_content(run / "metrics.jsonl", whole + more.substr(0, length));
    const std::string html = report_of(run);
    EXPECT_THAT(html, HasSubstr("metrics.jsonl is cut in the middle of line 3"));
    EXPECT_THAT(html, HasSubstr("2.5 at first, 1.25 at last."));
  }
}

TEST(Report, SaysWhichLinesAreNoMetrics) {
  const TemporaryFolder folder;
  const fs::path run = make_search(folder / "run");
  write_content(run / "metrics.jsonl", search_line(0, 2.5) + "[1, 2]\nnothing\n" +
                                           R"({"phase": 7, "step": "x"})" + "\n" +
                                           search_line(1, 1.25));
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("metrics.jsonl, line 2: no JSON object"));
  EXPECT_THAT(html, HasSubstr("metrics.jsonl, line 3: no JSON object"));
  EXPECT_THAT(html, HasSubstr("2.5 at first, 1.25 at last."));
}

TEST(Report, SurvivesAnyDamageToItsFiles) {
  const TemporaryFolder folder;
  const fs::path run = make_search(folder / "run");
  write_content(run / "sessions.jsonl", R"({"program":"sanas_search","threads":1})"
                                        "\n");
  write_content(run / "genotype.txt", "Genotype(");
  const std::string metrics =
      search_line(0, 2.5) + R"({"phase":"operation_weights","stage":0,"epoch":0,"step":1,)" +
      R"("normal":[{"none":0.5,"noise":0.5},{"none":1.0}],"reduce":[]})" + "\n";
  test::Sequence random(3);
  for (int i = 0; i < 200; ++i) {
    std::string changed = metrics;
    changed[random.below(changed.size())] ^= static_cast<char>(1 + random.below(255));
    write_content(run / "metrics.jsonl", changed);
    EXPECT_THAT(report_of(run), HasSubstr("</html>"));
  }
}

TEST(Report, NeverTakesMarkupFromARun) {
  const TemporaryFolder folder;
  std::string name = kHostile;
  std::replace(name.begin(), name.end(), '/', ':');  // no separator of folders
  const fs::path run = make_search(folder / name);
  const std::string text = R"(<img src=x onerror=alert(1)>'\"&</pre></script><script>alert(2))";
  write_content(run / (name + ".txt"), "");
  write_content(run / ("sheet" + name + ".png"), "no picture");
  write_content(run / "log.txt", std::string(kHostile) + "\n");
  write_content(run / "genotype.txt", kHostile);
  write_content(run / ("table " + name + ".csv"),
                std::string(kHostile) + ",b\n1," + kHostile + "\n");
  write_content(run / "sessions.jsonl",
                R"({"program":")" + text + R"(","device":")" + text + "\"}\n");
  write_content(run / "predictions.jsonl", R"({"image":")" + text + R"(","predicted":")" + text +
                                               R"(","probability":0.5,"label":"a"})" + "\n");
  write_content(run / "metrics.jsonl",
                R"({"phase":"search","step":0,")" + text + R"(":1})" + "\n" +
                    R"({"phase":"operation_weights","epoch":0,"normal":[{")" + text +
                    R"(":0.5}],"reduce":[]})" + "\n");
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("onerror"));  // it is there, as text
  EXPECT_THAT(html, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("</pre></script>")));
  EXPECT_THAT(html, Not(HasSubstr("alert(1)>'\"")));
}

TEST(Report, MarksTheKeysThatTheCommandLineChanged) {
  const TemporaryFolder folder;
  Config config;
  config.search.epochs = 7;
  const fs::path run = make_search(folder / "run", config);
  EXPECT_THAT(report_of(run), HasSubstr("not in the folder"));
  write_content(run / "config.base.yaml", to_yaml(Config{}));
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("Keys that the command line changed"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\"><code>search.epochs</code></th>"
                              "<td><code>7</code></td><td><code>50</code></td>"));
  write_content(run / "config.base.yaml", to_yaml(config));
  EXPECT_THAT(report_of(run), HasSubstr("without changes"));
}

TEST(Report, ShowsAConfigurationThatItCannotRead) {
  const TemporaryFolder folder;
  const fs::path run = make_search(folder / "run");
  write_content(run / "config.yaml", "search: {epoch: 3}\n");
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("config.yaml:1: search.epoch"));
  EXPECT_THAT(html, HasSubstr("search: {epoch: 3}"));
}

TEST(Report, PutsSeveralRunsSideBySide) {
  const TemporaryFolder folder;
  Config config;
  config.search.hypergradient.gamma = 0.5;
  const fs::path one = make_search(folder / "one");
  const fs::path two = make_search(folder / "two", config);
  const std::string html = make_report({one, two}, folder.path());
  EXPECT_THAT(html, HasSubstr("2 runs side by side"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\"><code>hypergradient.gamma</code></th>"
                              "<td><code>1</code></td><td><code>0.5</code></td>"));
  EXPECT_THAT(html, HasSubstr("href=\"./one/metrics.jsonl\""));
  EXPECT_THAT(make_report({one, one}, folder.path()), HasSubstr("the same in every key"));

  // A run without a configuration differs in none.
  const fs::path maps = make_folder(folder / "maps");
  write_content(maps / "predictions.jsonl", "");
  const std::string mixed = make_report({one, maps, two}, folder.path());
  EXPECT_THAT(mixed, HasSubstr("<th scope=\"row\"><code>hypergradient.gamma</code></th>"
                               "<td><code>1</code></td><td><code>0.5</code></td></tr>"));
  EXPECT_THAT(mixed, HasSubstr("Without a configuration that can be read: maps"));

  // Maps have options of their own: keys that one run alone has are no difference.
  write_content(maps / "saliency.json", R"({"options":{"steps":3}})");
  const std::string other = make_report({one, maps}, folder.path());
  EXPECT_THAT(other, Not(HasSubstr("Keys in which the configurations differ")));
  EXPECT_THAT(other, HasSubstr("the same in every key that they share"));
  write_content(one / "config.yaml", "seed: [");
  EXPECT_THAT(make_report({one, two, two}, folder.path()),
              HasSubstr("Without a configuration that can be read: one"));
}

TEST(Report, NoNumberOrPictureEndsThePage) {
  const TemporaryFolder folder;
  const fs::path run = make_search(folder / "run");
  std::string lines;
  for (const std::string number :
       {"4.9e-324", "1e-310", "1.7976931348623157e308", "-1.797e308", "0", "1e-400", "3"}) {
    lines += R"({"phase":"search","epoch":0,"step":)" + std::to_string(lines.size()) +
             R"(,"train1_loss":)" + number + R"(,"architecture_gradient_norm":)" + number + "}\n";
  }
  write_content(run / "metrics.jsonl", lines);
  write_content(run / "heat_maps.png", "png");
  write_content(run / "table.csv", "a,b\n1e-310,2\n");
  fs::create_symlink("gone.svg", run / "gone.svg");
  if (fs::permissions(run / "heat_maps.png", fs::perms::none); ::geteuid() != 0) {
    EXPECT_THAT(report_of(run), HasSubstr("heat_maps.png</a> can't be read"));
  }
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("Curves"));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("\"nan")), Not(HasSubstr("Mnan")), Not(HasSubstr(" nan")),
                          Not(HasSubstr("-nan")), Not(HasSubstr("Minf"))));
}

TEST(Report, ShowsTheTestAtTheEndOfATraining) {
  const TemporaryFolder folder;
  const fs::path run = make_folder(folder / "run");
  write_content(run / "metrics.jsonl",
                R"({"phase":"train_epoch","epoch":0,"step":4,"loss":1.0,"test_top1":0.25})"
                "\n"
                R"({"phase":"rollback","stage":0,"step":3,"next_step":4,"rollbacks":1})"
                "\n"
                R"({"phase":"test","inference":"plain","images":20,"test_loss":2.5,)"
                R"("test_top1":0.5,"calibration_error":0.125})"
                "\n");
  write_content(run / "test_report.json",
                R"({"classes":[{"name":"a<b","images":12,"top1":0.75},{"images":8,"top1":null}]})");
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("<dt>Test top-1</dt><dd>50.00 %</dd>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">plain</th><td>20</td><td>2.5</td><td>0.5</td>"
                              "<td>–</td><td>0.125</td><td>–</td>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">a&lt;b</th><td>12</td><td>0.75</td>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\"></th><td>8</td><td>–</td>"));
  EXPECT_THAT(html, Not(HasSubstr("<h4>next_step</h4>")));
}

/// Rows are true classes, columns predicted ones; each cell that holds images is one square.
TEST(Report, DrawsTheConfusionMatrix) {
  const TemporaryFolder folder;
  const fs::path run = make_search(folder / "run");
  write_content(run / "test_report.json",
                R"({"classes":[{"name":"cat"},{"name":"a<b"},{"name":"dog"}],)"
                R"("confusion":[[4,0,0],[0,1,3],[0,0,8]]})");
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("Confusion matrix of 3 classes; 81.2 % of the images"));
  EXPECT_THAT(html, HasSubstr("fill-opacity=\"1.000\" d=\"M0 0h1v1h-1zM2 2h1v1h-1z\""));
  EXPECT_THAT(html, HasSubstr("fill-opacity=\"0.500\" d=\"M1 1h1v1h-1z\""));  // sqrt(1/4) of 8
  EXPECT_THAT(html, HasSubstr("fill-opacity=\"0.875\" d=\"M2 1h1v1h-1z\""));  // sqrt(3/4) of 8
  EXPECT_THAT(html, HasSubstr("a&lt;b</th><td>dog</td><td>3</td><td>75.0 %</td>"));
}

TEST(Report, DrawsNoConfusionMatrixThatIsNone) {
  const TemporaryFolder folder;
  const fs::path run = make_search(folder / "run");
  for (const char* rows : {"[[1,2],[3]]", "[[1,2]]", "[[1,-2],[3,4]]", "[[1,0.5],[3,4]]", "[1,2]",
                           "{}", "[]", "\"x\""}) {
    write_content(
        run / "test_report.json",
        R"({"classes":[{"name":"a"},{"name":"b"}],"confusion":)" + std::string(rows) + "}");
    EXPECT_THAT(report_of(run), Not(HasSubstr("Confusion matrix"))) << rows;
  }
}

TEST(Report, PutsTheMetricsOfSaliencyMethodsSideBySide) {
  const TemporaryFolder folder;
  const fs::path maps = make_folder(folder / "maps");
  write_content(maps / "saliency.json",
                R"({"source":"fashion_mnist:test","columns":[{"name":"a","method":"pgd"}]})");
  write_content(maps / "metrics.csv",
                "column,metric,mean,low,high,count\n"
                "a,deletion,0.123456789,0.1,0.2,8\n"
                "\"b, c\",insertion,0.5,0.4,0.6,8\n"
                "\"b, c\",deletion,0.25,0.2,0.3,8\n");
  const std::string html = report_of(maps);
  EXPECT_THAT(html, HasSubstr("Saliency maps"));
  EXPECT_THAT(html, HasSubstr("fashion_mnist:test"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\">metric</th><th scope=\"col\">a</th>"
                              "<th scope=\"col\">b, c</th>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">deletion</th><td>0.1235 <small>[0.1, 0.2]</small>"
                              "</td><td>0.25 <small>[0.2, 0.3]</small></td>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">insertion</th><td>–</td><td>0.5 "));
}

/// Each column has a folder of its own; hundreds of files of single images push nothing out.
TEST(Report, ShowsTheSheetsAndPredictionsOfSeveralColumns) {
  const TemporaryFolder folder;
  const fs::path maps = make_folder(folder / "maps");
  make_folder(maps / "a");
  write_content(maps / "saliency.json",
                R"({"options":{"seed":3,"target":"true"},"changed":["target"],"columns":[)"
                R"({"name":"a","folder":"a","method":"pgd","options":{"steps":7},"changed":[]},)"
                R"({"name":"b","folder":"../b","method":"gradient"}],"images":["x","y","z"]})");
  write_content(maps / "a" / "predictions.jsonl",
                R"({"image":"x","predicted":"cat","probability":0.5})"
                "\n");
  write_content(maps / "a" / "contact_sheet.png", "picture of a");
  write_content(maps / "comparison_sheet.png", "both");
  for (int i = 0; i < 300; ++i) {
    write_content(maps / ("0" + std::to_string(i) + "_image.png"), "x");
  }
  const std::string html = report_of(maps);
  EXPECT_THAT(html, HasSubstr("<dt>Images</dt><dd>3</dd>"));
  EXPECT_THAT(html, HasSubstr("alt=\"Comparison sheet\""));
  EXPECT_THAT(html, HasSubstr("alt=\"Contact sheet of a\""));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">x</th><td>cat</td>"));
  EXPECT_THAT(html,
              HasSubstr("target <code>true</code> <span class=\"mark strong\">changed</span>"));
  EXPECT_THAT(html, HasSubstr("seed <code>3</code>,"));
  EXPECT_THAT(html, HasSubstr("steps <code>7</code></td>"));
  EXPECT_THAT(html, HasSubstr("&#39;../b&#39; is no place inside"));
  EXPECT_THAT(html, HasSubstr("and 104 more</li>"));  // 300 images and four other files, 200 shown
}

TEST(Report, SaysHowOftenSomethingWasNotFinite) {
  const TemporaryFolder folder;
  const fs::path run = make_search(folder / "run");
  write_content(run / "metrics.jsonl",
                R"({"phase":"search_epoch","epoch":0,"step":3,"skipped_updates":5,"rollbacks":1})"
                "\n");
  EXPECT_THAT(report_of(run), HasSubstr("5 updates left out, 1 times back to a checkpoint"));
}

TEST(Report, AFolderOfRunsStandsForAllOfThem) {
  const TemporaryFolder folder;
  make_search(folder / "sweep" / "one");
  make_search(folder / "sweep" / "group" / "two");
  make_search(folder / "sweep" / "one" / "inside");  // part of another run
  const std::string html = report_of(folder / "sweep");
  EXPECT_THAT(html, HasSubstr("2 runs side by side"));
}

TEST(Report, PutsTheOptionsOfMapsSideBySide) {
  const TemporaryFolder folder;
  for (const auto& [name, seed] : {std::pair("a", "1"), std::pair("b", "2")}) {
    write_content(make_folder(folder / name) / "saliency.json",
                  R"({"options":{"target":"true","seed":)" + std::string(seed) +
                      R"(},"columns":[{"name":"pgd","method":"pgd"}]})");
  }
  const std::string html = make_report({folder / "a", folder / "b"}, folder.path());
  EXPECT_THAT(html, HasSubstr("<code>seed</code></th><td><code>1</code></td><td><code>2</code>"));
  EXPECT_THAT(html, Not(HasSubstr("<code>target</code></th>")));
}

TEST(Report, RefusesWhatIsNoRunAndLeavesTheOldPage) {
  const TemporaryFolder folder;
  const fs::path page = folder / "page.html";
  write_content(page, "old");
  EXPECT_THAT(file_error([&] { write_report({folder / "missing"}, page); }),
              HasSubstr("missing: no such folder"));
  EXPECT_THAT(file_error([&] { write_report({make_folder(folder / "empty")}, page); }),
              HasSubstr("empty: holds nothing of a run"));
  EXPECT_EQ(content_of(page), "old");
  const fs::path run = make_search(folder / "run");
  EXPECT_THAT(file_error([&] { write_report({run}, folder / "nowhere/page.html"); }),
              HasSubstr("nowhere"));
}

}  // namespace
}  // namespace sanas
