// SPDX-License-Identifier: Apache-2.0
#include "config/config_writer.h"

#include "formats/number_text.h"
#include "formats/yaml_tree.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

template <typename Values, typename Format>
std::string list(const Values& values, const Format& format) {
  std::string text = "[";
  for (const auto value : values) {
    text += (text.size() > 1 ? ", " : "") + format(value);
  }
  return text += ']';
}

}  // namespace

void ConfigWriter::boolean(const std::string& key, bool& value) {
  add(key, value ? "true" : "false");
}

void ConfigWriter::integer(const std::string& key, int64_t& value, const IntegerRange&) {
  add(key, std::to_string(value));
}

void ConfigWriter::number(const std::string& key, double& value, const NumberRange&) {
  add(key, format_number(value));
}

void ConfigWriter::automatic(const std::string& key, std::optional<double>& value,
                             const NumberRange&) {
  add(key, value ? format_number(*value) : "auto");
}

void ConfigWriter::automatic(const std::string& key, std::optional<int64_t>& value,
                             const IntegerRange&) {
  add(key, value ? std::to_string(*value) : "auto");
}

void ConfigWriter::numbers(const std::string& key, std::span<double> values, const NumberRange&) {
  add(key, list(values, format_number));
}

void ConfigWriter::integer_list(const std::string& key, std::vector<int64_t>& values,
                                const IntegerRange&) {
  add(key, list(values, [](int64_t value) { return std::to_string(value); }));
}

void ConfigWriter::number_list(const std::string& key, std::vector<double>& values,
                               const NumberRange&) {
  add(key, list(values, format_number));
}

void ConfigWriter::text(const std::string& key, std::string& value, const TextPattern&) {
  add(key, yaml_scalar(value));
}

void ConfigWriter::choice(const std::string& key, std::string& value,
                          const std::vector<std::string>&) {
  add(key, yaml_scalar(value));
}

void ConfigWriter::begin_section(const std::string& key) {
  yaml_ += std::string(2 * sections_.size(), ' ') + key + ":\n";
  sections_.push_back(key);
}

void ConfigWriter::end_section() { sections_.pop_back(); }

void ConfigWriter::add(const std::string& key, const std::string& value) {
  yaml_ += std::string(2 * sections_.size(), ' ') + key + ": " + value + "\n";
  entries_.emplace_back(sections_.empty() ? key : join(sections_, ".") + "." + key, value);
}

}  // namespace sanas
