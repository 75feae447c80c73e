// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config_schema.h"
#include "formats/yaml_tree.h"

namespace sanas {

/// Fills a configuration from a YAML tree. Throws ConfigError, at the latest in `finish`.
class ConfigReader : public ConfigVisitor {
 public:
  /// @param root must outlive the reader.
  explicit ConfigReader(const YamlNode& root);

  void boolean(const std::string& key, bool& value) override;
  void integer(const std::string& key, int64_t& value, const IntegerRange& range) override;
  void number(const std::string& key, double& value, const NumberRange& range) override;
  void automatic(const std::string& key, std::optional<double>& value,
                 const NumberRange& range) override;
  void automatic(const std::string& key, std::optional<int64_t>& value,
                 const IntegerRange& range) override;
  void numbers(const std::string& key, std::span<double> values, const NumberRange& range) override;
  void integer_list(const std::string& key, std::vector<int64_t>& values,
                    const IntegerRange& range) override;
  void number_list(const std::string& key, std::vector<double>& values,
                   const NumberRange& range) override;
  void text(const std::string& key, std::string& value, const TextPattern& pattern) override;
  void choice(const std::string& key, std::string& value,
              const std::vector<std::string>& names) override;
  void begin_section(const std::string& key) override;
  void end_section() override;

  /// Refuses keys that nothing was bound to.
  void finish() { check_all_known(); }

 private:
  struct Section {
    std::string prefix;       ///< "search.weights."
    const YamlNode* node;     ///< null where the document doesn't have it
    std::vector<bool> known;  ///< which of the node's keys were asked for
  };

  const YamlNode* take(const std::string& key);
  /// A plain scalar, or an error that says what was expected.
  const std::string& plain(const YamlNode& node, const std::string& key,
                           const std::string& expected) const;
  int64_t read(const YamlNode& node, const std::string& key, const IntegerRange& range,
               const std::string& expected) const;
  double read(const YamlNode& node, const std::string& key, const NumberRange& range,
              const std::string& expected) const;
  template <typename Value, typename Range>
  void read_automatic(const std::string& key, std::optional<Value>& value, const Range& range);
  template <typename Value, typename Range>
  void read_list(const std::string& key, std::vector<Value>& values, const Range& range);
  /// Items of a list, or an error.
  const std::vector<YamlNode>& items(const YamlNode& node, const std::string& key,
                                     const std::string& expected) const;
  void check_all_known() const;
  [[noreturn]] void fail(const YamlNode& node, const std::string& key,
                         const std::string& what) const;

  std::vector<Section> sections_;
};

}  // namespace sanas
