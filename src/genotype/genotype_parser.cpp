// SPDX-License-Identifier: Apache-2.0
#include "genotype/genotype_parser.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

constexpr std::array<const char*, 4> kFields{"normal", "normal_concat", "reduce", "reduce_concat"};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

Genotype GenotypeParser::parse() {
  Genotype genotype;
  std::vector<std::string> seen;
  while (seen.empty() || accept(',')) {
    if (peek() == ')') {
      break;  // a trailing comma
    }
    const std::string field = field_name(seen);
    if (std::find(seen.begin(), seen.end(), field) != seen.end()) {
      fail("field '" + field + "' is given twice");
    }
    seen.push_back(field);
    read_field(genotype, field);
  }
  expect(')');
  if (seen.size() != kFields.size()) {
    fail("expected the fields normal, normal_concat, reduce and reduce_concat");
  }
  return genotype;
}

/// `name =` where it is given; otherwise the next one, as long as those before came in order.
std::string GenotypeParser::field_name(const std::vector<std::string>& seen) {
  if (is_word(peek())) {
    const size_t begin = position_;
    const std::string name = identifier();
    if (accept('=')) {
      return name;
    }
    position_ = begin;  // of range(…)
  }
  if (seen.size() >= kFields.size() || (!seen.empty() && seen.back() != kFields[seen.size() - 1])) {
    fail("expected 'FIELD ='");
  }
  return kFields[seen.size()];
}

void GenotypeParser::read_field(Genotype& genotype, const std::string& field) {
  if (field == "normal") {
    genotype.normal.genes = genes();
  } else if (field == "reduce") {
    genotype.reduce.genes = genes();
  } else if (field == "normal_concat") {
    genotype.normal.concat = concat();
  } else if (field == "reduce_concat") {
    genotype.reduce.concat = concat();
  } else {
    fail("unknown field '" + field + "'");
  }
}

std::vector<Gene> GenotypeParser::genes() {
  std::vector<Gene> result;
  sequence([&] { result.push_back(gene()); });
  return result;
}

Gene GenotypeParser::gene() {
  const char close = open_sequence();
  const Primitive operation = primitive_from_string(quoted());
  expect(',');
  const int source = integer();
  accept(',');
  expect(close);
  return {operation, source};
}

std::vector<int> GenotypeParser::concat() {
  if (!is_word(peek())) {
    std::vector<int> result;
    sequence([&] { result.push_back(integer()); });
    return result;
  }
  const size_t begin = position_;
  const std::string function = identifier();
  if (function != "list" && function != "tuple") {
    position_ = begin;
    return range();
  }
  expect('(');
  auto result = range();
  expect(')');
  return result;
}

std::vector<int> GenotypeParser::range() {
  if (identifier() != "range") {
    fail("expected range(a, b), a list or a tuple");
  }
  expect('(');
  int begin = 0;
  int end = integer();
  int step = 1;
  if (accept(',')) {
    begin = end;
    end = integer();
    step = accept(',') ? integer() : 1;
  }
  expect(')');
  if (step == 0) {
    fail("a range needs a step above 0");
  }
  std::vector<int> result;
  for (int state = begin; state < end; state += step) {
    result.push_back(state);
  }
  return result;
}

template <typename Item>
void GenotypeParser::sequence(const Item& item) {
  const char close = open_sequence();
  while (!accept(close)) {
    item();
    if (!accept(',') && peek() != close) {
      fail(std::string("expected ',' or '") + close + "'");
    }
  }
}

char GenotypeParser::open_sequence() {
  if (accept('[')) {
    return ']';
  }
  if (!accept('(')) {
    fail("expected '[' or '('");
  }
  return ')';
}

/// Comments and continued lines are space, as in Python.
void GenotypeParser::skip_space() {
  while (true) {
    if (current() == '#') {
      position_ = std::min(text_.find('\n', position_), text_.size());
    } else if (std::isspace(static_cast<unsigned char>(current())) != 0 ||
               (current() == '\\' && position_ + 1 < text_.size() &&
                std::isspace(static_cast<unsigned char>(text_[position_ + 1])) != 0)) {
      ++position_;
    } else {
      return;
    }
  }
}

char GenotypeParser::peek() {
  skip_space();
  return current();
}

bool GenotypeParser::accept(char wanted) {
  if (peek() != wanted) {
    return false;
  }
  ++position_;
  return true;
}

void GenotypeParser::expect(char wanted) {
  if (!accept(wanted)) {
    fail(std::string("expected '") + wanted + "'");
  }
}

std::string GenotypeParser::identifier() {
  std::string result;
  skip_space();
  while (is_word(current())) {
    result += text_[position_++];
  }
  if (result.empty()) {
    fail("expected a name");
  }
  return result;
}

std::string GenotypeParser::quoted() {
  const char quote = peek();
  if (quote != '\'' && quote != '"') {
    fail("expected a quoted operation name");
  }
  ++position_;
  const std::string result = identifier();
  if (!accept(quote)) {
    fail("the quote is not closed");
  }
  return result;
}

int GenotypeParser::integer() {
  int value = 0;
  int digits = 0;
  skip_space();
  while (std::isdigit(static_cast<unsigned char>(current())) != 0 && digits < 4) {
    value = value * 10 + (text_[position_++] - '0');
    ++digits;
  }
  if (digits == 0 || digits == 4) {
    fail("expected an integer from 0 to 999");
  }
  return value;
}

void GenotypeParser::fail(const std::string& what) const {
  const auto before = text_.substr(0, position_);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_begin = before.rfind('\n') + 1;  // 0 in the first line
  const auto next = on_one_line(std::string(text_.substr(std::min(position_, text_.size()), 20)));
  throw FileError("genotype: " + what + " at character " +
                  std::to_string(position_ - line_begin + 1) + " of line " + std::to_string(line) +
                  ", before '" + next + "'");
}

}  // namespace sanas
