// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/genotype.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sanas/core/error.h"
#include "support/cells.h"

namespace sanas {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const char* const kDartsV2 =
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))";

/// A genotype of one node per cell around the given fields.
std::string text_of(const std::string& normal, const std::string& concat = "[2]") {
  return "Genotype(normal=" + normal + ", normal_concat=" + concat +
         ", reduce=[('none', 0), ('noise', 1)], reduce_concat=[2])";
}

std::string message_of(const std::string& text, const std::string& choice = "") {
  try {
    parse_genotype(text, choice);
  } catch (const FileError& error) {
    return error.what();
  }
  return "no error";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(Genotype, IsPrintedAsInTheOriginalLogs) {
  EXPECT_EQ(to_string(load_genotype("DARTS_V2")), kDartsV2);
}

TEST(Genotype, ConcatsThatAreNoRangeArePrintedAsLists) {
  EXPECT_THAT(to_string(load_genotype("AmoebaNet")), HasSubstr("reduce_concat=[3, 4, 6])"));
}

TEST(Genotype, AllWaysOfWritingAreRead) {
  const Genotype expected = load_genotype("DARTS_V2");
  const std::string text = kDartsV2;
  EXPECT_EQ(parse_genotype(text), expected);
  EXPECT_EQ(parse_genotype(replaced(text, "range(2, 6)", "[2, 3, 4, 5]")), expected);
  EXPECT_EQ(parse_genotype(replaced(text, "range(2, 6)", "range( 2,6 )")), expected);
  EXPECT_EQ(parse_genotype(replaced(text, " ", "")), expected);
  EXPECT_EQ(parse_genotype(replaced(text, ", ", " ,\n   ")), expected);
  EXPECT_EQ(parse_genotype(replaced(text, "'", "\"")), expected);
  EXPECT_EQ(parse_genotype(replaced(text, ")]", "),]")), expected);
  EXPECT_EQ(parse_genotype("DARTS_V2 = " + text + "\n"), expected);
  EXPECT_EQ(parse_genotype("2018-06-24 11:03:51,512 genotype = " + text + "\nlr 1e-3"), expected);
}

TEST(Genotype, WhatPythonEvaluatesIsRead) {
  const Genotype expected = load_genotype("DARTS_V2");
  const std::string text = kDartsV2;
  // Fields in order, as namedtuple takes them: the first one, or all.
  EXPECT_EQ(parse_genotype(replaced(text, "(normal=", "(")), expected);
  std::string in_order = text;
  for (const std::string field : {"normal=", "normal_concat=", "reduce=", "reduce_concat="}) {
    in_order.erase(in_order.find(field), field.size());
  }
  EXPECT_EQ(parse_genotype(in_order), expected);
  EXPECT_THAT(message_of(replaced(text, "reduce_concat=range(2, 6)", "[2], [2]")),
              HasSubstr("expected 'FIELD ='"));
  // Tuples for lists and the reverse, ranges in other words, trailing commas.
  EXPECT_EQ(parse_genotype(replaced(text, "range(2, 6)", "(2, 3, 4, 5)")), expected);
  EXPECT_EQ(parse_genotype(replaced(text, "range(2, 6)", "(2, 3, 4, 5,)")), expected);
  EXPECT_EQ(parse_genotype(replaced(text, "range(2, 6)", "list(range(2, 6))")), expected);
  EXPECT_EQ(parse_genotype(replaced(text, "range(2, 6)", "range(2, 6, 1)")), expected);
  EXPECT_EQ(parse_genotype(replaced(replaced(text, "[(", "(("), ")]", "))")), expected);
  EXPECT_EQ(parse_genotype(text_of("[['none', 0], ['noise', 1,]]")).normal,
            cell_of("none@0 noise@1"));
  EXPECT_EQ(parse_genotype(replaced(text, "range(2, 6))", "range(2, 6),)")), expected);
  // Comments, in the middle of a line or as a line, and a space before the bracket.
  EXPECT_EQ(
      parse_genotype(replaced(text, "), (", "), # a node, ('none', 9)\n # and another (\n (")),
      expected);
  EXPECT_EQ(parse_genotype(replaced(text, "Genotype(", "genotypes.Genotype (\r\n")), expected);
  EXPECT_THAT(message_of(replaced(text, "normal_concat=", "normal=")), HasSubstr("given twice"));
}

TEST(Genotype, NoneOfSeveralIsTakenUnasked) {
  const std::string first = text_of("[('none', 0), ('none', 1)]");
  const std::string second = text_of("[('skip_connect', 0), ('skip_connect', 1)]");
  const std::string log = "epoch 0\ngenotype = " + first + "\nepoch 1\ngenotype = " + second + "\n";
  EXPECT_THAT(message_of(log), AllOf(HasSubstr("2 genotypes"), HasSubstr("line 2"),
                                     HasSubstr("line 4"), HasSubstr("#1 to #2 or #last")));
  EXPECT_EQ(parse_genotype(log, "1"), parse_genotype(first));
  EXPECT_EQ(parse_genotype(log, "2"), parse_genotype(second));
  EXPECT_EQ(parse_genotype(log, "last"), parse_genotype(second));
  EXPECT_THAT(message_of(log, "3"), HasSubstr("no number 3 among 2 genotypes"));
  EXPECT_THAT(message_of(log, "0"), HasSubstr("no number 0"));
  EXPECT_THAT(message_of(log, "99999999999999999999"), HasSubstr("no number 9999"));
  EXPECT_THAT(message_of(log, "genotype"), HasSubstr("several are called 'genotype'"));
  EXPECT_THAT(message_of(log, "best"), HasSubstr("none is called 'best'"));
  // The same one over and over is one; the last line of a killed run is not left out in silence.
  EXPECT_EQ(parse_genotype(first + "\n" + first), parse_genotype(first));
  EXPECT_THAT(message_of(first + "\ngenotype = " + second.substr(0, 30)), HasSubstr("2 genotypes"));
  EXPECT_EQ(parse_genotype(first + "\ngenotype = " + second.substr(0, 30), "1"),
            parse_genotype(first));
}

TEST(Genotype, IsChosenByItsNameInPython) {
  const std::string first = text_of("[('none', 0), ('none', 1)]");
  const std::string second = text_of("[('skip_connect', 0), ('skip_connect', 1)]");
  const std::string third = text_of("[('noise', 0), ('noise', 1)]");
  const std::string module =
      "from collections import namedtuple\n"
      "Genotype = namedtuple('Genotype', 'normal normal_concat reduce reduce_concat')\n"
      "class Genotype(Base):\n  pass\n# OLD = " +
      third + "\nV1 = " + first + "\nnet.V2=" + second +
      "\nDARTS = V1\nDARTS = V2  # since then\nLOOP = LOOP\n";
  EXPECT_THAT(message_of(module), AllOf(HasSubstr("has 2 genotypes"), HasSubstr("#V1, #V2")));
  EXPECT_EQ(parse_genotype(module, "V1"), parse_genotype(first));
  EXPECT_EQ(parse_genotype(module, "V2"), parse_genotype(second));
  EXPECT_EQ(parse_genotype(module, "DARTS"), parse_genotype(second));
  EXPECT_THAT(message_of(module, "OLD"), HasSubstr("none is called 'OLD'"));
  EXPECT_THAT(message_of(module, "LOOP"), HasSubstr("none is called 'LOOP'"));
}

TEST(Genotype, NamesOfPrDartsAreUnderstood) {
  EXPECT_EQ(parse_genotype(text_of("[('dua_sepc_3x3', 0), ('dil_sepc_5x5', 1)]")).normal,
            cell_of("sep3@0 dil5@1"));
}

TEST(Genotype, ErrorsSayWhatIsWrong) {
  EXPECT_THAT(message_of(text_of("[('sep_conv_3x4', 0), ('none', 1)]")),
              HasSubstr("unknown operation 'sep_conv_3x4', did you mean 'sep_conv_3x3'"));
  EXPECT_THAT(message_of(text_of("[('none', 0), ('none', 2)]")),
              HasSubstr("operation 1 of the normal cell reads state 2, but only 0 to 1 exist"));
  EXPECT_THAT(message_of(text_of("[('none', 0)]")), HasSubstr("the normal cell has 1 operations"));
  EXPECT_THAT(message_of(text_of("[]")), HasSubstr("the normal cell has 0 operations"));
  EXPECT_THAT(message_of(text_of("[('none', 0), ('none', 1)]", "[]")),
              HasSubstr("the normal cell concatenates nothing"));
  EXPECT_THAT(message_of(text_of("[('none', 0), ('none', 1)]", "range(3, 3)")),
              HasSubstr("the normal cell concatenates nothing"));
  EXPECT_THAT(message_of(text_of("[('none', 0), ('none', 1)]", "[3]")),
              HasSubstr("concatenates state 3, but only 0 to 2 exist"));
  EXPECT_THAT(message_of(text_of("[('none', 0), ('none', -1)]")), HasSubstr("expected an integer"));
  EXPECT_THAT(message_of(text_of("[('none', 0), (none, 1)]")),
              HasSubstr("expected a quoted operation name"));
  EXPECT_THAT(message_of(text_of("[('none', 0), ('none, 1)]")),
              HasSubstr("the quote is not closed"));
  EXPECT_THAT(message_of(text_of("[('none', 0) ('none', 1)]")), HasSubstr("expected ',' or ']'"));
  EXPECT_THAT(message_of(text_of("[('none', 0 1), ('none', 1)]")), HasSubstr("expected ')'"));
  EXPECT_THAT(message_of("Genotype(normal=[], normal=[])"), HasSubstr("'normal' is given twice"));
  EXPECT_THAT(message_of("Genotype(normal=[])"), HasSubstr("expected the fields"));
  EXPECT_THAT(message_of("Genotype(nrmal=[])"), HasSubstr("unknown field 'nrmal'"));
  EXPECT_THAT(message_of("[('none', 0)]"), HasSubstr("has no 'Genotype(normal="));
  EXPECT_THAT(message_of(std::string(kDartsV2).substr(0, 60)), HasSubstr("at character 61"));
}

TEST(Genotype, IsReadFromAFile) {
  const auto folder = std::filesystem::temp_directory_path() / "sanas_genotype_test";
  std::filesystem::create_directories(folder);
  const auto good = (folder / "good.txt").string();
  const auto bad = (folder / "bad.txt").string();
  std::ofstream(good) << "epoch 49\n" << kDartsV2 << "\n";
  std::ofstream(bad) << "Genotype(normal=3)";
  EXPECT_EQ(load_genotype(good), load_genotype("DARTS_V2"));
  const auto error_of = [](const std::string& name) -> std::string {
    try {
      load_genotype(name);
    } catch (const FileError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of(bad), HasSubstr(bad + ": genotype: expected '['"));
  EXPECT_THROW(load_genotype("DARTS_V3"), FileError);
  // One of several, and a name that has a '#' itself.
  const auto log = (folder / "log.txt").string();
  std::ofstream(log) << text_of("[('none', 0), ('none', 1)]") << "\n" << kDartsV2 << "\n";
  EXPECT_EQ(load_genotype(log + "#last"), load_genotype("DARTS_V2"));
  EXPECT_THAT(error_of(log), HasSubstr(log + ": genotype: the text has 2 genotypes"));
  EXPECT_THAT(error_of(log + "#"), HasSubstr("is missing behind the '#'"));
  std::filesystem::copy_file(good, folder / "run#1.txt");
  EXPECT_EQ(load_genotype((folder / "run#1.txt").string()), load_genotype("DARTS_V2"));
  // No text is looked for among the bytes of a checkpoint, nor in UTF-16.
  const auto binary = (folder / "last.pt").string();
  std::ofstream(binary) << std::string(8, '\0') << kDartsV2;
  EXPECT_THAT(error_of(binary), HasSubstr(binary + ": is binary"));
  std::filesystem::remove_all(folder);
}

struct PublishedPreset {
  const char* name;
  const char* normal;
  std::vector<int> normal_concat;
  const char* reduce;
  std::vector<int> reduce_concat;
};

// darts-family §6, in its own notation.
const std::vector<PublishedPreset> kPublished{
    {"NASNet",
     "[sep_conv_5x5@1, sep_conv_3x3@0] [sep_conv_5x5@0, sep_conv_3x3@0] [avg_pool_3x3@1, "
     "skip_connect@0] [avg_pool_3x3@0, avg_pool_3x3@0] [sep_conv_3x3@1, skip_connect@1]",
     {2, 3, 4, 5, 6},
     "[sep_conv_5x5@1, sep_conv_7x7@0] [max_pool_3x3@1, sep_conv_7x7@0] [avg_pool_3x3@1, "
     "sep_conv_5x5@0] [skip_connect@3, avg_pool_3x3@2] [sep_conv_3x3@2, max_pool_3x3@1]",
     {4, 5, 6}},
    {"AmoebaNet",
     "[avg_pool_3x3@0, max_pool_3x3@1] [sep_conv_3x3@0, sep_conv_5x5@2] [sep_conv_3x3@0, "
     "avg_pool_3x3@3] [sep_conv_3x3@1, skip_connect@1] [skip_connect@0, avg_pool_3x3@1]",
     {4, 5, 6},
     "[avg_pool_3x3@0, sep_conv_3x3@1] [max_pool_3x3@0, sep_conv_7x7@2] [sep_conv_7x7@0, "
     "avg_pool_3x3@1] [max_pool_3x3@0, max_pool_3x3@1] [conv_7x1_1x7@0, sep_conv_3x3@5]",
     {3, 4, 6}},
    {"DARTS_V1",
     "[sep_conv_3x3@1, sep_conv_3x3@0] [skip_connect@0, sep_conv_3x3@1] [skip_connect@0, "
     "sep_conv_3x3@1] [sep_conv_3x3@0, skip_connect@2]",
     {2, 3, 4, 5},
     "[max_pool_3x3@0, max_pool_3x3@1] [skip_connect@2, max_pool_3x3@0] [max_pool_3x3@0, "
     "skip_connect@2] [skip_connect@2, avg_pool_3x3@0]",
     {2, 3, 4, 5}},
    {"DARTS",
     "[sep_conv_3x3@0, sep_conv_3x3@1] [sep_conv_3x3@0, sep_conv_3x3@1] [sep_conv_3x3@1, "
     "skip_connect@0] [skip_connect@0, dil_conv_3x3@2]",
     {2, 3, 4, 5},
     "[max_pool_3x3@0, max_pool_3x3@1] [skip_connect@2, max_pool_3x3@1] [max_pool_3x3@0, "
     "skip_connect@2] [skip_connect@2, max_pool_3x3@1]",
     {2, 3, 4, 5}},
    {"PDARTS",
     "[skip_connect@0, dil_conv_3x3@1] [skip_connect@0, sep_conv_3x3@1] [sep_conv_3x3@1, "
     "sep_conv_3x3@3] [sep_conv_3x3@0, dil_conv_5x5@4]",
     {2, 3, 4, 5},
     "[avg_pool_3x3@0, sep_conv_5x5@1] [sep_conv_3x3@0, dil_conv_5x5@2] [max_pool_3x3@0, "
     "dil_conv_3x3@1] [dil_conv_3x3@1, dil_conv_5x5@3]",
     {2, 3, 4, 5}},
    {"PCDARTS",
     "[sep_conv_3x3@1, skip_connect@0] [sep_conv_3x3@0, dil_conv_3x3@1] [sep_conv_5x5@0, "
     "sep_conv_3x3@1] [avg_pool_3x3@0, dil_conv_3x3@1]",
     {2, 3, 4, 5},
     "[sep_conv_5x5@1, max_pool_3x3@0] [sep_conv_5x5@1, sep_conv_5x5@2] [sep_conv_3x3@0, "
     "sep_conv_3x3@3] [sep_conv_3x3@1, sep_conv_3x3@2]",
     {2, 3, 4, 5}},
    {"PC_DARTS_image",
     "[skip_connect@1, sep_conv_3x3@0] [sep_conv_3x3@0, skip_connect@1] [sep_conv_3x3@1, "
     "sep_conv_3x3@3] [sep_conv_3x3@1, dil_conv_5x5@4]",
     {2, 3, 4, 5},
     "[sep_conv_3x3@0, skip_connect@1] [dil_conv_5x5@2, max_pool_3x3@1] [sep_conv_3x3@2, "
     "sep_conv_3x3@1] [sep_conv_5x5@0, sep_conv_3x3@3]",
     {2, 3, 4, 5}},
    {"PRDARTS",
     "[skip_connect@0, sep_conv_3x3@1] [dil_conv_3x3@2, sep_conv_3x3@0] [dil_conv_3x3@3, "
     "sep_conv_3x3@1] [dil_conv_3x3@4, dil_conv_3x3@1]",
     {2, 3, 4, 5},
     "[avg_pool_3x3@0, dil_conv_5x5@1] [sep_conv_3x3@0, dil_conv_5x5@2] [sep_conv_5x5@1, "
     "dil_conv_3x3@3] [dil_conv_5x5@4, dil_conv_5x5@1]",
     {2, 3, 4, 5}},
};

TEST(PresetGenotype, IsThePublishedOne) {
  for (const auto& preset : kPublished) {
    const Genotype expected{cell_of(preset.normal, preset.normal_concat),
                            cell_of(preset.reduce, preset.reduce_concat)};
    EXPECT_EQ(load_genotype(preset.name), expected) << preset.name;
  }
  EXPECT_EQ(load_genotype("DARTS"), load_genotype("DARTS_V2"));
  EXPECT_EQ(load_genotype("PCDARTS"), load_genotype("PC_DARTS_cifar"));
}

TEST(PresetGenotype, SurvivesPrintingAndParsing) {
  EXPECT_EQ(preset_genotype_names().size(), 10);
  for (const auto& name : preset_genotype_names()) {
    const Genotype genotype = load_genotype(name);
    EXPECT_EQ(parse_genotype(to_string(genotype)), genotype) << name;
  }
}

TEST(PresetGenotype, SkipsAreCounted) {
  EXPECT_EQ(count_skips(load_genotype("DARTS_V2").normal), 2);
  EXPECT_EQ(count_skips(load_genotype("DARTS_V1").normal), 3);
  EXPECT_EQ(count_skips(load_genotype("PDARTS").reduce), 0);
}

}  // namespace
}  // namespace sanas
