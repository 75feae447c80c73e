// SPDX-License-Identifier: Apache-2.0
#include "formats/yaml_tree.h"

#include "config/config_test_support.h"

namespace sanas {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(const std::string& text) {
  return config_error([&] { parse_yaml(text, {"a.yaml"}); });
}

std::string repeated(const std::string& part, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) {
    text += part;
  }
  return text;
}

TEST(YamlTree, KnowsWhereEachKeyWasWritten) {
  const YamlNode root = parse_yaml("a: 1\nb:\n  c: [x, \"2\"]\n  d:\n    7\n", {"a.yaml"});
  EXPECT_EQ(root.find("a")->text, "1");
  EXPECT_EQ(root.find("b")->where, "a.yaml:2");
  const YamlNode* list = root.find("b")->find("c");
  ASSERT_EQ(list->children.size(), 2U);
  EXPECT_FALSE(list->children[0].quoted);
  EXPECT_TRUE(list->children[1].quoted);
  EXPECT_EQ(root.find("b")->find("d")->where, "a.yaml:4")
      << "the line of the key, not of the value";
  EXPECT_EQ(root.find("c"), nullptr);
}

TEST(YamlTree, RefusesAKeyGivenTwice) {
  EXPECT_EQ(error_of("a:\n  b: 1\n  c: 2\n  b: 3\n"),
            "a.yaml:4: a.b: given twice, first at a.yaml:2");
  EXPECT_EQ(error_of("a: {b: 1,\n    b: 1}\n"), "a.yaml:2: a.b: given twice, first at a.yaml:1");
}

TEST(YamlTree, RefusesAnchorsAliasesAndTags) {
  EXPECT_THAT(error_of("a: &x 1\n"), StartsWith("a.yaml:1: anchors and aliases"));
  EXPECT_THAT(error_of("a: 1\nb: *x\n"), StartsWith("a.yaml:2: "));
  EXPECT_THAT(error_of("a: &x {b: 1}\n"), StartsWith("a.yaml:1: anchors and aliases"));
  EXPECT_THAT(error_of("a: !!python/object:os.system x\n"), StartsWith("a.yaml:1: tags"));
  EXPECT_THAT(error_of("a: !mine [1]\n"), StartsWith("a.yaml:1: tags"));
}

TEST(YamlTree, StopsAnAnchorBombAtItsFirstAnchor) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char level = 'b'; level <= 'i'; ++level) {
    const auto before = static_cast<char>(level - 1);
    bomb += level;
    bomb += ": &";
    bomb += level;
    bomb += " [";
    bomb += repeated(std::string("*").append(1, before).append(", "), 9);
    bomb += "]\n";
  }
  EXPECT_THAT(error_of(bomb), StartsWith("a.yaml:1: anchors and aliases"));
}

TEST(YamlTree, StopsDeepNesting) {
  const size_t depth = 300'000;
  EXPECT_THAT(error_of(repeated("[", depth) + repeated("]", depth)),
              HasSubstr("nested deeper than 16 levels"));
  EXPECT_THAT(error_of(repeated("- ", depth)), HasSubstr("nested deeper than 16 levels"));
  EXPECT_THAT(error_of(repeated("{a: ", depth / 2)), StartsWith("a.yaml:1: "));
  EXPECT_THAT(error_of(repeated("? ", depth)), StartsWith("a.yaml:1: "));
}

TEST(YamlTree, AllowsSixteenLevels) {
  EXPECT_EQ(parse_yaml(repeated("[", 16) + repeated("]", 16), {"a.yaml"}).children.size(), 1U);
  EXPECT_THAT(error_of(repeated("[", 17) + repeated("]", 17)), HasSubstr("nested deeper"));
}

TEST(YamlTree, StopsTooManyKeysAndTooMuchText) {
  std::string keys;
  for (int i = 0; i < 100'000; ++i) {
    keys.append("k").append(std::to_string(i)).append(": 1\n");
  }
  EXPECT_EQ(error_of(keys), "a.yaml:4096: more than 4096 keys and values");
  EXPECT_THAT(error_of(repeated(keys, 10)), HasSubstr("larger than the 1048576 bytes"));
  EXPECT_THAT(error_of(repeated("- 1\n", 100'000)), HasSubstr("more than 4096"));
}

TEST(YamlTree, SaysWhereTextIsNoYaml) {
  EXPECT_THAT(error_of("a: 1\nb: [1, 2\nc: 3\n"), StartsWith("a.yaml:3: not YAML: "));
  EXPECT_THAT(error_of("a: \"open"), HasSubstr("not YAML"));
  EXPECT_THAT(error_of("[1, 2"), HasSubstr("is a bracket left open?"));
  EXPECT_THAT(error_of("a: 1\n---\na: 2\n"), HasSubstr("a second document"));
  EXPECT_THAT(error_of("? [a]\n: 1\n"), HasSubstr("where a key was expected"));
  EXPECT_EQ(error_of(std::string("a: 1\nb: \0\n", 10)),
            "a.yaml:2: a control character; expected text");
}

TEST(YamlTree, EmptyTextIsNothing) {
  EXPECT_EQ(parse_yaml("", {"a.yaml"}).kind, YamlNode::Kind::kNull);
  EXPECT_EQ(parse_yaml("# only a comment\n", {"a.yaml"}).kind, YamlNode::Kind::kNull);
}

TEST(YamlTree, AnyTruncationOrFlippedByteEndsInATreeOrAnError) {
  const std::string text =
      "name: x\nsearch: {epochs: 5, weights: [1, \"a\\n\", 'b']}\nlist:\n  - |\n    text\n  - "
      "!!int 3\n"
      "? complex\n: &a *b\n";
  int outcomes = 0;
  const auto try_text = [&](const std::string& variant) {
    try {
      parse_yaml(variant, {"a.yaml"});
      ++outcomes;
    } catch (const ConfigError&) {
      ++outcomes;
    }
  };
  for (size_t length = 0; length <= text.size(); ++length) {
    try_text(text.substr(0, length));
  }
  for (size_t i = 0; i < 1000; ++i) {
    std::string variant = text;
    variant[i * 7919 % text.size()] ^= static_cast<char>(1 + i % 255);
    try_text(variant);
  }
  EXPECT_EQ(outcomes, static_cast<int>(text.size()) + 1 + 1000);
}

TEST(YamlOverride, SetsAddsAndMerges) {
  YamlNode root = parse_yaml("a: {b: 1, c: 2}\n", {"a.yaml"});
  apply_override(root, "a.b=5");
  apply_override(root, "new.deep.key=[1, 2]");
  apply_override(root, "a={c: 7, d: x=y}");
  EXPECT_EQ(root.find("a")->find("b")->text, "5");
  EXPECT_EQ(root.find("a")->find("b")->where, "--set a.b");
  EXPECT_EQ(root.find("a")->find("c")->text, "7");
  EXPECT_EQ(root.find("a")->find("d")->text, "x=y");
  EXPECT_EQ(root.find("new")->find("deep")->find("key")->children.size(), 2U);
}

TEST(YamlOverride, RefusesWhatIsNoAssignment) {
  YamlNode root = parse_yaml("a: 1\n", {"a.yaml"});
  for (const char* text : {"", "=", "a", "a..b=1", ".a=1", "a.=1", "a b=1"}) {
    EXPECT_THAT(config_error([&] { apply_override(root, text); }),
                HasSubstr("expected key.sub=value"))
        << text;
  }
  EXPECT_THAT(config_error([&] { apply_override(root, "a.b=1"); }), StartsWith("--set a.b: "));
  EXPECT_THAT(config_error([&] { apply_override(root, "a=[1"); }), StartsWith("--set a: "));
  EXPECT_THAT(config_error([&] { apply_override(root, "a=\"x"); }),
              StartsWith("--set a: not YAML: "));
  EXPECT_THAT(config_error([&] { apply_override(root, "b={c: 1, c: 2}"); }),
              StartsWith("--set b: c: given twice"));
}

TEST(YamlScalar, SurvivesReading) {
  for (const std::string text :
       {"plain", "/data/set", "", "null", "~", "a: b", "# no comment", "C:\\data", "say \"hi\"",
        "it's", "- x", "[x", "&a", "naïve 数据", "true", "1.5", " spaced "}) {
    const YamlNode root = parse_yaml("key: " + yaml_scalar(text) + "\n", {"a.yaml"});
    ASSERT_NE(root.find("key"), nullptr) << text;
    EXPECT_EQ(root.find("key")->kind, YamlNode::Kind::kScalar) << text;
    EXPECT_EQ(root.find("key")->text, text);
  }
}

}  // namespace
}  // namespace sanas
