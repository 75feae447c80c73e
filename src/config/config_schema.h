// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "sanas/config/config.h"

namespace sanas {

/// Bytes of a run's name: what a file may be called, with room for what is put behind it.
constexpr size_t kLongestName = 200;

/// Integers that a key may have.
struct IntegerRange {
  int64_t low = 0;
  int64_t high = std::numeric_limits<int64_t>::max();

  bool contains(int64_t value) const { return value >= low && value <= high; }
  /// "an integer from 1 to 16".
  std::string describe() const;
};

/// Numbers that a key may have.
struct NumberRange {
  double low = 0.0;
  double high = std::numeric_limits<double>::infinity();
  bool without_low = false;   ///< low itself is not allowed
  bool without_high = false;  ///< high itself is not allowed

  bool contains(double value) const;
  /// "a number above 0".
  std::string describe() const;
};

/// Texts of one line in UTF-8 that a key may have: a regular expression for the whole, what to call
/// it, and the most bytes that it may have (std::regex recurses over the text).
struct TextPattern {
  std::string expression = ".+";
  std::string description = "a text of one line";
  size_t longest = 4096;
};

/// A value of an enumeration and how a configuration writes it.
template <typename Enum>
struct Named {
  Enum value;
  std::string name;

  Named(Enum value) : value(value), name(to_string(value)) {}  // NOLINT: implicit on purpose
  Named(Enum value, std::string name) : value(value), name(std::move(name)) {}
};

/// Something that goes over all keys of a configuration: it reads them from a file, writes them to
/// one, or lists them. `bind` says once, for each struct, which key belongs to which field.
class ConfigVisitor {
 public:
  virtual ~ConfigVisitor() = default;

  virtual void boolean(const std::string& key, bool& value) = 0;
  virtual void integer(const std::string& key, int64_t& value, const IntegerRange& range) = 0;
  virtual void number(const std::string& key, double& value, const NumberRange& range) = 0;
  /// A number, or `auto` for none.
  virtual void automatic(const std::string& key, std::optional<double>& value,
                         const NumberRange& range) = 0;
  virtual void automatic(const std::string& key, std::optional<int64_t>& value,
                         const IntegerRange& range) = 0;
  /// A list of that many numbers.
  virtual void numbers(const std::string& key, std::span<double> values,
                       const NumberRange& range) = 0;
  /// Lists of at least one number.
  virtual void integer_list(const std::string& key, std::vector<int64_t>& values,
                            const IntegerRange& range) = 0;
  virtual void number_list(const std::string& key, std::vector<double>& values,
                           const NumberRange& range) = 0;
  virtual void text(const std::string& key, std::string& value, const TextPattern& pattern) = 0;
  /// One of the given names.
  virtual void choice(const std::string& key, std::string& value,
                      const std::vector<std::string>& names) = 0;
  virtual void begin_section(const std::string& key) = 0;
  virtual void end_section() = 0;

  void section(const std::string& key, const std::function<void()>& fields) {
    begin_section(key);
    fields();
    end_section();
  }

  /// Any integer type.
  template <typename Integer>
  void count(const std::string& key, Integer& value, const IntegerRange& range) {
    auto wide = static_cast<int64_t>(value);
    integer(key, wide, range);
    value = static_cast<Integer>(wide);
  }

  template <typename Enum>
  void enumeration(const std::string& key, Enum& value,
                   std::initializer_list<std::type_identity_t<Named<Enum>>> values) {
    std::vector<std::string> names;
    std::string name;
    for (const auto& candidate : values) {
      names.push_back(candidate.name);
      name = candidate.value == value ? candidate.name : name;
    }
    choice(key, name, names);
    for (const auto& candidate : values) {
      value = candidate.name == name ? candidate.value : value;
    }
  }
};

/// All keys of a configuration, in the order in which they are written.
void bind(ConfigVisitor& visitor, Config& config);

}  // namespace sanas
