// SPDX-License-Identifier: Apache-2.0
// Finds the genotypes of a text, and the one that is meant.
#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <string_view>

#include "genotype/genotype_parser.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/genotype/genotype.h"

namespace sanas {
namespace {

constexpr std::string_view kType = "Genotype";
constexpr std::string_view kSpace = " \t\r";
constexpr std::string_view kDigits = "0123456789";

/// One `Genotype(` of a text.
struct Mention {
  size_t arguments;       ///< where they begin
  size_t line;            ///< from 1 on
  std::string_view name;  ///< of `name = Genotype(`, or empty
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// The word that ends a text, or an empty one.
std::string_view last_word(std::string_view text) {
  size_t begin = text.size();
  while (begin > 0 && is_word(text[begin - 1])) {
    --begin;
  }
  return text.substr(begin);
}

/// What a value is assigned to, given what stands before it in its line.
std::string_view assigned_name(std::string_view before) {
  while (!before.empty() && (is_word(before.back()) || before.back() == '.')) {
    before.remove_suffix(1);  // of module.Genotype
  }
  before = trimmed(before);
  if (!before.ends_with('=')) {
    return {};
  }
  before.remove_suffix(1);
  return last_word(trimmed(before));
}

/// Appends those of a line that begins at byte `begin` of the text.
void add_mentions(std::string_view line, size_t begin, size_t number,
                  std::vector<Mention>& mentions) {
  if (trimmed(line).starts_with('#')) {
    return;
  }
  size_t searched = 0;  // up to there, so that long lines are gone through once
  for (size_t at = line.find(kType); at != std::string_view::npos;
       at = line.find(kType, searched)) {
    const std::string_view before = line.substr(searched, at - searched);
    searched = at + kType.size();
    const size_t open = line.find_first_not_of(kSpace, searched);
    const bool is_call = open != std::string_view::npos && line[open] == '(';
    const bool is_whole_word = before.empty() || !is_word(before.back());
    if (is_call && is_whole_word && last_word(trimmed(before)) != "class") {
      mentions.push_back({begin + open + 1, number, assigned_name(before)});
    }
  }
}

std::vector<Mention> mentions_in(std::string_view text) {
  std::vector<Mention> mentions;
  size_t number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    add_mentions(text.substr(begin, end - begin), begin, number, mentions);
    begin = end + 1;
  }
  return mentions;
}

/// B of the last line `name = B`, or nothing.
std::optional<std::string_view> alias_of(std::string_view text, std::string_view name) {
  std::optional<std::string_view> alias;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    line = trimmed(line.substr(0, line.find('#')));
    const size_t equals = line.find('=');
    if (equals != std::string_view::npos && trimmed(line.substr(0, equals)) == name) {
      const auto value = trimmed(line.substr(equals + 1));
      if (!value.empty() && last_word(value) == value) {
        alias = value;
      }
    }
    begin = end + 1;
  }
  return alias;
}

std::string count_text(const std::vector<Mention>& mentions) {
  return mentions.size() == 1 ? "one genotype"
                              : std::to_string(mentions.size()) + " genotypes, the first in line " +
                                    std::to_string(mentions.front().line) + ", the last in line " +
                                    std::to_string(mentions.back().line);
}

/// With the names that only one of them has.
std::string how_to_choose(const std::vector<Mention>& mentions) {
  constexpr size_t kListed = 12;
  std::map<std::string_view, int> uses;
  for (const auto& mention : mentions) {
    ++uses[mention.name];
  }
  std::vector<std::string> names;
  for (const auto& mention : mentions) {
    if (!mention.name.empty() && uses[mention.name] == 1 && names.size() <= kListed) {
      names.push_back(names.size() < kListed ? "#" + std::string(mention.name) : "…");
    }
  }
  return "choose one with #1 to #" + std::to_string(mentions.size()) + " or #last" +
         (names.empty() ? "" : ", or by name with " + join(names)) + " behind the file's name";
}

Genotype genotype_at(std::string_view text, const Mention& mention) {
  Genotype genotype = GenotypeParser(text, mention.arguments).parse();
  validate(genotype);
  return genotype;
}

/// Whether they all say the same, so that it does not matter which is meant.
bool are_equal(std::string_view text, const std::vector<Mention>& mentions) {
  try {
    const Genotype first = genotype_at(text, mentions.front());
    return std::all_of(mentions.begin() + 1, mentions.end(),
                       [&](const Mention& mention) { return genotype_at(text, mention) == first; });
  } catch (const FileError&) {
    return false;
  }
}

/// The only one of that name, or null.
const Mention* find_named(const std::vector<Mention>& mentions, std::string_view name) {
  const Mention* found = nullptr;
  for (const auto& mention : mentions) {
    if (mention.name == name && found != nullptr) {
      throw FileError("genotype: several are called '" + std::string(name) + "' among " +
                      count_text(mentions) + "; " + how_to_choose(mentions));
    }
    found = mention.name == name ? &mention : found;
  }
  return found;
}

const Mention& mention_named(std::string_view text, const std::vector<Mention>& mentions,
                             const std::string& name) {
  constexpr int kLongestChain = 8;
  std::optional<std::string_view> alias = name;
  for (int i = 0; i < kLongestChain && alias; ++i) {
    if (const auto* found = find_named(mentions, *alias)) {
      return *found;
    }
    alias = alias_of(text, *alias);
  }
  throw FileError("genotype: none is called '" + name + "' among " + count_text(mentions) + "; " +
                  how_to_choose(mentions));
}

const Mention& chosen(std::string_view text, const std::vector<Mention>& mentions,
                      const std::string& choice) {
  if (choice == "last") {
    return mentions.back();
  }
  if (choice.find_first_not_of(kDigits) != std::string::npos) {
    return mention_named(text, mentions, choice);
  }
  const size_t number = choice.size() > 9 ? 0 : std::stoul(choice);
  if (number < 1 || number > mentions.size()) {
    throw FileError("genotype: there is no number " + choice + " among " + count_text(mentions) +
                    "; " + how_to_choose(mentions));
  }
  return mentions[number - 1];
}

}  // namespace

Genotype parse_genotype(const std::string& text, const std::string& choice) {
  const auto mentions = mentions_in(text);
  if (mentions.empty()) {
    throw FileError(
        "genotype: the text has no 'Genotype(normal=[…], normal_concat=…, reduce=[…], "
        "reduce_concat=…)'");
  }
  if (!choice.empty()) {
    return genotype_at(text, chosen(text, mentions, choice));
  }
  if (mentions.size() > 1 && !are_equal(text, mentions)) {
    throw FileError("genotype: the text has " + count_text(mentions) +
                    ", and they are not the same; " + how_to_choose(mentions));
  }
  return genotype_at(text, mentions.front());
}

}  // namespace sanas
