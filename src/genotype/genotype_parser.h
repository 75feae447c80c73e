// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sanas/genotype/genotype.h"

namespace sanas {

/// Reads the arguments of one `Genotype(…)` by recursive descent, as Python's `eval` does: by name
/// or in the order normal, normal_concat, reduce, reduce_concat; lists or tuples; comments. Every
/// error names the place.
class GenotypeParser {
 public:
  /// @param begin the character behind `Genotype(`.
  GenotypeParser(std::string_view text, size_t begin) : text_(text), position_(begin) {}

  /// Throws FileError for what is no genotype; does not look at what follows it.
  Genotype parse();

 private:
  std::string field_name(const std::vector<std::string>& seen);
  void read_field(Genotype& genotype, const std::string& field);
  std::vector<Gene> genes();
  Gene gene();
  std::vector<int> concat();
  std::vector<int> range();
  template <typename Item>
  void sequence(const Item& item);

  char current() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  void skip_space();
  char peek();
  bool accept(char wanted);
  void expect(char wanted);
  /// The bracket that closes the list or tuple that begins here.
  char open_sequence();
  std::string identifier();
  std::string quoted();
  int integer();
  [[noreturn]] void fail(const std::string& what) const;

  std::string_view text_;
  size_t position_;
};

}  // namespace sanas
