// SPDX-License-Identifier: Apache-2.0
#include "config/config_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <regex>
#include <set>

#include "core/utf8.h"
#include "formats/number_text.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

using Kind = YamlNode::Kind;

/// What was written, for a message: cut short, and on one line.
std::string shown(const YamlNode& node) {
  switch (node.kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a section";
    case Kind::kScalar:
      break;
  }
  constexpr size_t kLongest = 40;
  const std::string line =
      on_one_line(node.text.size() > kLongest ? node.text.substr(0, kLongest) + "…" : node.text);
  return node.quoted ? "the text '" + line + "'" : "'" + line + "'";
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('.') + 1); }

/// All keys and the sections that they are in.
std::vector<std::string> known_paths() {
  std::set<std::string> paths;
  for (const std::string& key : config_keys()) {
    for (size_t end = key.size(); end != std::string::npos && end > 0;
         end = key.rfind('.', end - 1)) {
      paths.insert(key.substr(0, end));
    }
  }
  return {paths.begin(), paths.end()};
}

/// The known key that was probably meant: one of the same name elsewhere, or the most similar.
std::string suggestion(const std::string& path) {
  std::vector<std::string> same_name;
  const std::vector<std::string> all = known_paths();
  std::copy_if(all.begin(), all.end(), std::back_inserter(same_name),
               [&](const auto& known) { return last_part(known) == last_part(path); });
  return nearest(path, same_name.empty() ? all : same_name);
}

}  // namespace

ConfigReader::ConfigReader(const YamlNode& root) {
  sections_.push_back({"", &root, std::vector<bool>(root.keys.size())});
  if (!root.is_map()) {
    const std::string where = root.where.empty() ? "" : root.where + ": ";
    throw ConfigError(where + "expected keys and values, found " + shown(root));
  }
}

void ConfigReader::boolean(const std::string& key, bool& value) {
  if (const YamlNode* node = take(key)) {
    const std::string& text = plain(*node, key, "true or false");
    if (text != "true" && text != "false") {
      fail(*node, key, shown(*node) + " is wrong; expected true or false");
    }
    value = text == "true";
  }
}

int64_t ConfigReader::read(const YamlNode& node, const std::string& key, const IntegerRange& range,
                           const std::string& expected) const {
  const std::string& text = plain(node, key, expected);
  int64_t parsed = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, parsed);
  if (rest != end || error == std::errc::invalid_argument) {
    fail(node, key, shown(node) + " is not an integer; expected " + expected);
  }
  if (error != std::errc() || !range.contains(parsed)) {
    fail(node, key, shown(node) + " is out of range; expected " + expected);
  }
  return parsed;
}

void ConfigReader::integer(const std::string& key, int64_t& value, const IntegerRange& range) {
  if (const YamlNode* node = take(key)) {
    value = read(*node, key, range, range.describe());
  }
}

double ConfigReader::read(const YamlNode& node, const std::string& key, const NumberRange& range,
                          const std::string& expected) const {
  const auto parsed = parse_number(plain(node, key, expected));
  if (!parsed) {
    fail(node, key, shown(node) + " is not a finite number; expected " + expected);
  }
  constexpr double kLargest = 1e30;  // in single precision
  if (std::abs(*parsed) > kLargest) {
    fail(node, key, shown(node) + " is too large for single precision; expected " + expected);
  }
  if (!range.contains(*parsed)) {
    fail(node, key, shown(node) + " is out of range; expected " + expected);
  }
  return *parsed;
}

void ConfigReader::number(const std::string& key, double& value, const NumberRange& range) {
  if (const YamlNode* node = take(key)) {
    value = read(*node, key, range, range.describe());
  }
}

template <typename Value, typename Range>
void ConfigReader::read_automatic(const std::string& key, std::optional<Value>& value,
                                  const Range& range) {
  if (const YamlNode* node = take(key)) {
    const std::string expected = "auto or " + range.describe();
    if (plain(*node, key, expected) == "auto") {
      value.reset();
    } else {
      value = read(*node, key, range, expected);
    }
  }
}

void ConfigReader::automatic(const std::string& key, std::optional<double>& value,
                             const NumberRange& range) {
  read_automatic(key, value, range);
}

void ConfigReader::automatic(const std::string& key, std::optional<int64_t>& value,
                             const IntegerRange& range) {
  read_automatic(key, value, range);
}

const std::vector<YamlNode>& ConfigReader::items(const YamlNode& node, const std::string& key,
                                                 const std::string& expected) const {
  if (node.kind != Kind::kSequence) {
    fail(node, key, shown(node) + " is not a list; expected " + expected);
  }
  return node.children;
}

void ConfigReader::numbers(const std::string& key, std::span<double> values,
                           const NumberRange& range) {
  const YamlNode* node = take(key);
  if (node == nullptr) {
    return;
  }
  const std::string count = std::to_string(values.size());
  const std::string expected = "a list of " + count + ", each " + range.describe();
  const auto& written = items(*node, key, expected);
  if (written.size() != values.size()) {
    fail(*node, key, "a list of " + std::to_string(written.size()) + "; expected " + expected);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = read(written[i], key, range, expected);
  }
}

template <typename Value, typename Range>
void ConfigReader::read_list(const std::string& key, std::vector<Value>& values,
                             const Range& range) {
  if (const YamlNode* node = take(key)) {
    const std::string expected = "a list, each " + range.describe();
    values.clear();
    for (const YamlNode& item : items(*node, key, expected)) {
      values.push_back(read(item, key, range, expected));
    }
    if (values.empty()) {
      fail(*node, key, "an empty list; expected " + expected);
    }
  }
}

void ConfigReader::integer_list(const std::string& key, std::vector<int64_t>& values,
                                const IntegerRange& range) {
  read_list(key, values, range);
}

void ConfigReader::number_list(const std::string& key, std::vector<double>& values,
                               const NumberRange& range) {
  read_list(key, values, range);
}

void ConfigReader::text(const std::string& key, std::string& value, const TextPattern& pattern) {
  if (const YamlNode* node = take(key)) {
    if (node->kind == Kind::kScalar && !is_utf8(node->text)) {
      fail(*node, key, "the text is no UTF-8, so a run could not write it down; expected UTF-8");
    }
    if (node->kind != Kind::kScalar || node->text.size() > pattern.longest ||
        has_control(node->text) || !std::regex_match(node->text, std::regex(pattern.expression))) {
      fail(*node, key, shown(*node) + " is wrong; expected " + pattern.description);
    }
    value = node->text;
  }
}

void ConfigReader::choice(const std::string& key, std::string& value,
                          const std::vector<std::string>& names) {
  const YamlNode* node = take(key);
  if (node == nullptr) {
    return;
  }
  const std::string expected = names.size() == 1 ? names.front() : "one of " + join(names);
  if (node->kind != Kind::kScalar) {
    fail(*node, key, shown(*node) + " is wrong; expected " + expected);
  }
  if (std::find(names.begin(), names.end(), node->text) == names.end()) {
    fail(*node, key,
         shown(*node) + " is unknown; expected " + expected + "; did you mean '" +
             nearest(node->text, names) + "'?");
  }
  value = node->text;
}

void ConfigReader::begin_section(const std::string& key) {
  const YamlNode* node = take(key);
  const std::string prefix = sections_.back().prefix + key + ".";
  if (node != nullptr && !node->is_map()) {
    fail(*node, key, shown(*node) + " is wrong; expected a section of keys and values");
  }
  sections_.push_back({prefix, node, std::vector<bool>(node == nullptr ? 0 : node->keys.size())});
}

void ConfigReader::end_section() {
  check_all_known();
  sections_.pop_back();
}

const YamlNode* ConfigReader::take(const std::string& key) {
  Section& section = sections_.back();
  if (section.node == nullptr) {
    return nullptr;
  }
  const auto& keys = section.node->keys;
  const auto index = static_cast<size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
  if (index == keys.size()) {
    return nullptr;
  }
  section.known[index] = true;
  return &section.node->children[index];
}

const std::string& ConfigReader::plain(const YamlNode& node, const std::string& key,
                                       const std::string& expected) const {
  if (node.kind != Kind::kScalar || node.quoted) {
    fail(node, key, shown(node) + " is of the wrong type; expected " + expected);
  }
  return node.text;
}

void ConfigReader::check_all_known() const {
  const Section& section = sections_.back();
  const auto unknown = std::find(section.known.begin(), section.known.end(), false);
  if (unknown == section.known.end()) {
    return;
  }
  const auto index = static_cast<size_t>(unknown - section.known.begin());
  const std::string& key = section.node->keys[index];
  fail(section.node->children[index], key,
       "unknown key; did you mean '" + suggestion(section.prefix + key) + "'?");
}

void ConfigReader::fail(const YamlNode& node, const std::string& key,
                        const std::string& what) const {
  const std::string path = sections_.back().prefix + key;
  throw ConfigError((node.where.ends_with(path) ? node.where : node.where + ": " + path) + ": " +
                    what);
}

}  // namespace sanas
