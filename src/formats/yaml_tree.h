// SPDX-License-Identifier: Apache-2.0
#pragma once

// A YAML document as a tree that knows the line of each part.

#include <cstddef>
#include <string>
#include <vector>

namespace sanas {

/// A YAML document as a tree that knows where each part was written.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  /// "file:line" of the key or item, or "--set key.sub".
  std::string where;
  std::string text;                ///< of a scalar
  bool quoted = false;             ///< a scalar in quotes is text, whatever it looks like
  std::vector<std::string> keys;   ///< of a map, as many as children
  std::vector<YamlNode> children;  ///< values of a map or items of a sequence

  bool is_map() const { return kind == Kind::kMap; }
  /// The value of `key` in a map; null where there is none.
  YamlNode* find(const std::string& key);
  const YamlNode* find(const std::string& key) const;
};

/// What a configuration may not exceed. No sensible one comes near.
struct YamlLimits {
  size_t bytes = 1U << 20U;
  size_t nodes = 4096;
  size_t depth = 16;
};

/// How parse_yaml names places in messages: `source` alone, or with the line number behind it.
struct YamlSource {
  std::string name;
  bool numbered = true;

  std::string line(int number) const {
    return numbered ? name + ":" + std::to_string(number) : name;
  }
};

/// Parses one YAML document. Throws ConfigError for text that isn't YAML, anchors and aliases,
/// tags, a key given twice, a second document, control characters, and anything beyond `limits`.
YamlNode parse_yaml(const std::string& text, const YamlSource& source,
                    const YamlLimits& limits = {});

/// Puts `key.sub=value` into the tree; the value is YAML, and a map is merged key by key. Throws
/// ConfigError where that isn't an assignment, or a part of the key names something else than a
/// map.
void apply_override(YamlNode& root, const std::string& assignment);

/// `text` as a YAML scalar, in quotes where it needs them.
std::string yaml_scalar(const std::string& text);

}  // namespace sanas
