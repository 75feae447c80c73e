// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config_schema.h"

namespace sanas {

/// Lists every key of a configuration with its value as YAML text.
class ConfigWriter : public ConfigVisitor {
 public:
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

  /// Dotted paths and values, in order.
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }
  /// The same as a YAML document.
  const std::string& yaml() const { return yaml_; }

 private:
  void add(const std::string& key, const std::string& value);

  std::vector<std::string> sections_;
  std::vector<std::pair<std::string, std::string>> entries_;
  std::string yaml_;
};

}  // namespace sanas
