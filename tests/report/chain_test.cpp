// SPDX-License-Identifier: Apache-2.0
#include "report/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/run_folders.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using test::add_checkpoint;
using test::content_of;
using test::kFound;
using test::kOther;
using test::make_maps;
using test::make_searched;
using test::make_trained;
using test::TemporaryFolder;
using test::write_content;
using testing::ElementsAre;
using testing::IsEmpty;

/// A chain, and the runs that it is made of.
struct Found {
  std::vector<RunContents> runs;
  std::optional<Chain> chain;
};

Found tell(const std::vector<fs::path>& folders) {
  Found told;
  for (const auto& folder : folders) {
    told.runs.push_back(read_run_contents(folder));
  }
  told.chain = find_chain(told.runs);
  return told;
}

bool is_chain(const std::vector<fs::path>& folders) { return tell(folders).chain.has_value(); }

std::vector<std::string> names(const RunList& runs) {
  std::vector<std::string> list;
  for (const auto* run : runs) {
    list.push_back(run->name);
  }
  std::sort(list.begin(), list.end());
  return list;
}

TEST(Chain, IsFoundInAnyOrder) {
  const TemporaryFolder folder;
  const fs::path trained = make_trained(folder / "eval", kFound);
  std::vector<fs::path> folders{
      make_maps(folder / "maps", trained / "checkpoints/best.safetensors"),
      make_trained(folder / "random-0", kOther), make_searched(folder / "search", kFound), trained};
  std::sort(folders.begin(), folders.end());
  do {
    const auto [runs, chain] = tell(folders);
    ASSERT_TRUE(chain);
    ASSERT_NE(chain->search, nullptr);
    EXPECT_EQ(chain->search->name, "search");
    EXPECT_THAT(names(chain->trainings), ElementsAre("eval"));
    EXPECT_THAT(names(chain->maps), ElementsAre("maps"));
    EXPECT_THAT(names(chain->baseline), ElementsAre("random-0"));
    EXPECT_THAT(chain->other_maps, IsEmpty());
    EXPECT_EQ(chain->genotype, load_genotype(kFound));
  } while (std::next_permutation(folders.begin(), folders.end()));
}

/// Every way to write the place of a checkpoint that lies in the training's folder.
TEST(Chain, PathsAreComparedAfterNormalisation) {
  const TemporaryFolder folder;
  const fs::path searched = make_searched(folder / "search", kFound);
  const fs::path trained = make_trained(folder / "eval", kFound);
  const fs::path linked = folder / "link";
  fs::create_directory_symlink(trained, linked);
  const fs::path inside = folder / "." / "maps" / ".." / "eval";
  for (const auto& run : {trained, inside, linked, trained / "second", fs::relative(trained)}) {
    const fs::path maps = make_maps(folder / "maps", run / "checkpoints" / "step-3.safetensors");
    EXPECT_THAT(names(tell({searched, trained, maps}).chain->maps), ElementsAre("maps")) << run;
    EXPECT_THAT(names(tell({searched, trained / "", maps / ""}).chain->maps), ElementsAre("maps"));
  }
  for (const auto& file :
       {trained / "inner" / "checkpoints" / "last.safetensors",
        folder / "evaluation" / "checkpoints" / "last.safetensors", fs::path()}) {
    const fs::path maps = make_maps(folder / "maps", file);
    const auto [runs, chain] = tell({searched, trained, maps});
    EXPECT_THAT(chain->maps, IsEmpty()) << file;
    EXPECT_THAT(names(chain->other_maps), ElementsAre("maps")) << file;
  }
}

TEST(Chain, IsKnownAgainAfterItsFolderWasMoved) {
  const TemporaryFolder folder;
  make_searched(folder / "old" / "search", kFound);
  const fs::path trained = make_trained(folder / "old" / "eval", kFound);
  add_checkpoint(trained / "checkpoints", {"evaluation", kFound, "seed: 1"});
  make_maps(folder / "old" / "maps", trained / "checkpoints" / "last.safetensors");
  fs::rename(folder / "old", folder / "new");
  const fs::path now = folder / "new";
  const auto [runs, chain] = tell({now / "maps", now / "eval", now / "search"});
  EXPECT_THAT(names(chain->maps), ElementsAre("maps"));
}

TEST(Chain, ANameThatTwoTrainingsShareSaysNothing) {
  const TemporaryFolder folder;
  const std::vector<fs::path> folders{make_searched(folder / "search", kFound),
                                      make_trained(folder / "a" / "eval", kFound),
                                      make_trained(folder / "b" / "eval", kFound)};
  for (const auto& [file, known] : {std::pair("/gone/eval/checkpoints/last.safetensors", false),
                                    std::pair("/gone/a/eval/checkpoints/last.safetensors", true),
                                    std::pair("eval/checkpoints/last.safetensors", false),
                                    std::pair("b/eval/checkpoints/last.safetensors", true)}) {
    auto all = folders;
    all.push_back(make_maps(folder / "maps", file));
    EXPECT_EQ(tell(all).chain->maps.size(), known ? 1U : 0U) << file;
  }
}

/// The named file is still where it was, and what lies in the training's folder is a copy of it, or
/// is not.
TEST(Chain, ACopyIsKnownByWhatItsCheckpointTells) {
  const TemporaryFolder folder;
  const fs::path searched = make_searched(folder / "search", kFound);
  const fs::path trained = make_trained(folder / "copies" / "eval", kFound);
  add_checkpoint(trained / "checkpoints", {"evaluation", kFound, "seed: 1"});
  const fs::path original = folder / "originals" / "eval" / "checkpoints";
  const fs::path maps = make_maps(folder / "maps", original / "last.safetensors");
  for (const auto& [genotype, config, same] :
       {std::tuple(kFound, "seed: 1", true), std::tuple(kFound, "seed: 2", false),
        std::tuple(kOther, "seed: 1", false)}) {
    add_checkpoint(original, {"evaluation", genotype, config});
    EXPECT_EQ(tell({searched, trained, maps}).chain->maps.size(), same ? 1U : 0U) << config;
  }
  write_content(original / "last.safetensors", "no checkpoint");
  EXPECT_THAT(tell({searched, trained, maps}).chain->maps, IsEmpty());
}

TEST(Chain, ToldWithoutSomeOfItsParts) {
  const TemporaryFolder folder;
  const fs::path searched = make_searched(folder / "search", kFound);
  const fs::path trained = make_trained(folder / "eval", kFound);
  const fs::path again = make_trained(folder / "again", kFound);
  const fs::path random = make_trained(folder / "random-0", kOther);
  const fs::path maps = make_maps(folder / "maps", trained / "checkpoints/last.safetensors");
  const fs::path searched_maps =
      make_maps(folder / "searched-maps", searched / "checkpoints/last.safetensors");
  EXPECT_TRUE(is_chain({searched, trained}));
  EXPECT_TRUE(is_chain({searched, trained, again}));
  EXPECT_TRUE(is_chain({searched, searched_maps}));
  EXPECT_TRUE(is_chain({searched, random}));
  const auto [runs, chain] = tell({maps, trained});
  EXPECT_EQ(chain->search, nullptr);
  EXPECT_EQ(chain->genotype, load_genotype(kFound));

  EXPECT_FALSE(is_chain({trained, again}));
  EXPECT_FALSE(is_chain({trained, random}));
  EXPECT_FALSE(is_chain({maps, searched_maps}));
  EXPECT_FALSE(is_chain({searched, maps}));          // of a training that is not here
  EXPECT_FALSE(is_chain({trained, searched_maps}));  // of a search that is not here
}

TEST(Chain, WhatIsToBeComparedIsNone) {
  const TemporaryFolder folder;
  const fs::path one = make_searched(folder / "one", kFound);
  const fs::path two = make_searched(folder / "two", kOther);
  const fs::path trained = make_trained(folder / "eval", kFound);
  const fs::path other = make_trained(folder / "other", kOther);
  EXPECT_FALSE(is_chain({one, two}));
  EXPECT_FALSE(is_chain({one, two, trained}));
  EXPECT_FALSE(is_chain({one, trained, two, other}));
  EXPECT_FALSE(is_chain({one, trained, other}));
}

TEST(Chain, TellsRandomGenotypesByTheNameOfTheirFolder) {
  const TemporaryFolder folder;
  const fs::path searched = make_searched(folder / "search", kFound);
  for (const char* name : {"random", "random-", "random-x", "random-1x", "a-random-1"}) {
    EXPECT_FALSE(is_chain({searched, make_trained(folder / name, kOther)})) << name;
  }
  const std::vector<fs::path> folders{
      searched, make_trained(folder / "random-12", kOther),
      make_trained(folder / "other" / "random-12", kOther) / "",
      make_trained(folder / "random-3", kFound)};  // drawn, and what was found
  const auto [runs, chain] = tell(folders);
  EXPECT_THAT(names(chain->baseline), ElementsAre("random-12", "random-12"));
  EXPECT_THAT(names(chain->trainings), ElementsAre("random-3"));
}

TEST(Chain, ADamagedGenotypeIsThatOfTheCheckpoint) {
  const TemporaryFolder folder;
  const fs::path searched = make_searched(folder / "search", kFound);
  const fs::path trained = make_trained(folder / "eval", kFound);
  for (const auto& [run, kind] :
       {std::pair(searched, "search"), std::pair(trained, "evaluation")}) {
    write_content(run / "genotype.txt", "Genotype(normal=[");
    EXPECT_FALSE(is_chain({searched, trained}));
    add_checkpoint(run / "checkpoints", {kind, kFound, ""});
    const auto [runs, chain] = tell({searched, trained});
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->genotype, load_genotype(kFound));
  }
}

TEST(Chain, SurvivesAnyDamageToWhatNamesTheCheckpoint) {
  const TemporaryFolder folder;
  const fs::path searched = make_searched(folder / "search", kFound);
  const fs::path trained = make_trained(folder / "eval", kFound);
  const fs::path maps = make_maps(folder / "maps", trained / "checkpoints/last.safetensors");
  const std::string whole = content_of(maps / "saliency.json");
  std::vector<std::string> damaged{
      "[]",
      "7",
      R"({"columns":3})",
      R"({"columns":{"a":{"checkpoint":"x"}}})",
      R"({"columns":[1,null,{},{"checkpoint":7},{"checkpoint":""},{"checkpoint":"/"}]})",
      R"({"columns":[{"checkpoint":"a\u0000b"},{"checkpoint":")" + std::string(9999, 'a') +
          R"("}]})"};
  for (size_t length = 0; length + 2 < whole.size(); ++length) {
    damaged.push_back(whole.substr(0, length));
  }
  for (const auto& content : damaged) {
    write_content(maps / "saliency.json", content);
    const auto [runs, chain] = tell({searched, trained, maps});
    ASSERT_TRUE(chain) << content;
    EXPECT_THAT(names(chain->trainings), ElementsAre("eval"));
    EXPECT_THAT(names(chain->other_maps), ElementsAre("maps")) << content;
  }
}

}  // namespace
}  // namespace sanas
