// SPDX-License-Identifier: Apache-2.0
#include "formats/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "core/utf8.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

using Kind = YamlNode::Kind;

/// Builds the tree from the parser's events, so that a hostile document is refused at its first
/// excess: the parser recurses and allocates only as far as the events allow.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const YamlSource& source, const YamlLimits& limits)
      : source_(source), limits_(limits) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      fail(mark, "a second document begins; expected one");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check_plain(mark, "", anchor);
    if (expects_key()) {
      fail(mark, "a key is empty; expected a name");
    }
    add(make(mark, Kind::kNull));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { refuse_anchor(mark); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_plain(mark, tag, anchor);
    if (expects_key()) {
      set_key(mark, value);
      return;
    }
    YamlNode node = make(mark, Kind::kScalar);
    node.text = value;
    node.quoted = tag == "!";
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Kind::kSequence);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A container whose end has not come yet. A map with as many keys as children expects a key.
  bool expects_key() const {
    return !open_.empty() && open_.back().is_map() &&
           open_.back().keys.size() == open_.back().children.size();
  }

  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& what) const {
    throw ConfigError(source_.line(std::max(mark.line, 0) + 1) + ": " + what);
  }

  [[noreturn]] void refuse_anchor(const YAML::Mark& mark) const {
    fail(mark, "anchors and aliases (& and *) are not allowed; write the value out");
  }

  void check_plain(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor) {
      refuse_anchor(mark);
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      fail(mark, "tags (!) are not allowed");
    }
  }

  YamlNode make(const YAML::Mark& mark, Kind kind) {
    if (++nodes_ > limits_.nodes) {
      fail(mark, "more than " + std::to_string(limits_.nodes) + " keys and values");
    }
    YamlNode node;
    node.kind = kind;
    node.where = source_.line(std::max(mark.line, 0) + 1);
    return node;
  }

  void set_key(const YAML::Mark& mark, const std::string& key) {
    YamlNode& map = open_.back();
    if (key.size() > 100 || has_control(key)) {
      fail(mark, "a key is longer than 100 characters or has control characters");
    }
    if (const YamlNode* first = map.find(key)) {
      fail(mark, path_to(key) + ": given twice, first at " + first->where);
    }
    map.keys.push_back(key);
    key_lines_.back() = source_.line(mark.line + 1);
  }

  std::string path_to(const std::string& key) const {
    std::vector<std::string> parts;
    for (size_t i = 0; i + 1 < open_.size(); ++i) {
      parts.push_back(open_[i].is_map() ? open_[i].keys.back() : "[]");
    }
    parts.push_back(key);
    return join(parts, ".");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Kind kind) {
    check_plain(mark, tag, anchor);
    if (expects_key()) {
      fail(mark, "a list or a map where a key was expected; is a bracket left open?");
    }
    if (open_.size() >= limits_.depth) {
      fail(mark, "nested deeper than " + std::to_string(limits_.depth) + " levels");
    }
    open_.push_back(make(mark, kind));
    key_lines_.emplace_back();
  }

  void close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    key_lines_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    if (open_.back().is_map()) {
      node.where = key_lines_.back();
    }
    open_.back().children.push_back(std::move(node));
  }

  const YamlSource& source_;
  const YamlLimits& limits_;
  YamlNode root_;
  std::vector<YamlNode> open_;
  std::vector<std::string> key_lines_;  // where the last key of each open map was
  size_t nodes_ = 0;
  int documents_ = 0;
};

void check_text(const std::string& text, const YamlSource& source, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    throw ConfigError(source.name + ": larger than the " + std::to_string(limits.bytes) +
                      " bytes that a configuration may have");
  }
  int line = 1;
  for (const char character : text) {
    line += character == '\n' ? 1 : 0;
    if (is_control(character) && character != '\n' && character != '\r' && character != '\t') {
      throw ConfigError(source.line(line) + ": a control character; expected text");
    }
  }
}

void merge(YamlNode& target, YamlNode value) {
  if (!target.is_map() || !value.is_map()) {
    target = std::move(value);
    return;
  }
  for (size_t i = 0; i < value.keys.size(); ++i) {
    if (YamlNode* child = target.find(value.keys[i])) {
      merge(*child, std::move(value.children[i]));
    } else {
      target.keys.push_back(value.keys[i]);
      target.children.push_back(std::move(value.children[i]));
    }
  }
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream stream(path + ".");
  for (std::string part; std::getline(stream, part, '.');) {
    parts.push_back(part);
  }
  return parts;
}

}  // namespace

YamlNode* YamlNode::find(const std::string& key) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  const auto index = static_cast<size_t>(found - keys.begin());
  return index < children.size() ? &children[index] : nullptr;
}

const YamlNode* YamlNode::find(const std::string& key) const {
  return const_cast<YamlNode*>(this)->find(key);
}

YamlNode parse_yaml(const std::string& text, const YamlSource& source, const YamlLimits& limits) {
  check_text(text, source, limits);
  std::istringstream stream(text);
  TreeBuilder builder(source, limits);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    throw ConfigError(source.line(std::max(error.mark.line, 0) + 1) + ": not YAML: " + error.msg);
  }
  return builder.take();
}

void apply_override(YamlNode& root, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  const std::string path = assignment.substr(0, equals);
  const std::vector<std::string> parts = split_path(path);
  const bool is_name = std::all_of(path.begin(), path.end(), [](unsigned char character) {
    return std::isalnum(character) != 0 || character == '_' || character == '.';
  });
  if (equals == std::string::npos || !is_name || parts.size() > YamlLimits{}.depth ||
      std::count(parts.begin(), parts.end(), "") > 0) {
    throw ConfigError("--set " + yaml_scalar(assignment) + ": expected key.sub=value");
  }
  const YamlSource source{"--set " + path, /*numbered=*/false};
  YamlNode value = parse_yaml(assignment.substr(equals + 1), source);
  value.where = source.name;

  YamlNode* node = &root;
  for (const std::string& part : parts) {
    if (node->kind == Kind::kNull) {
      node->kind = Kind::kMap;
      node->where = source.name;
    }
    if (!node->is_map()) {
      throw ConfigError(source.name + ": there is no section of that name; '" + part +
                        "' stands below a value");
    }
    if (node->find(part) == nullptr) {
      node->keys.push_back(part);
      node->children.emplace_back();
    }
    node = node->find(part);
  }
  merge(*node, std::move(value));
}

std::string yaml_scalar(const std::string& text) {
  const auto is_safe = [](unsigned char character) {
    return std::isalnum(character) != 0 ||
           std::string_view("_-./").find(static_cast<char>(character)) != std::string_view::npos;
  };
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), is_safe) &&
                     text.front() != '-' && text != "null" && text != "Null" && text != "NULL" &&
                     text != "...";
  if (plain) {
    return text;
  }
  std::string quoted = "\"";
  for (const char character : text) {
    if (is_control(character)) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(character);
      quoted += std::string("\\x") + kDigits[byte >> 4U] + kDigits[byte & 15U];
      continue;
    }
    if (character == '"' || character == '\\') {
      quoted += '\\';
    }
    quoted += character;
  }
  return quoted + '"';
}

}  // namespace sanas
