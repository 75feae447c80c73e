// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/genotype.h"

#include <algorithm>
#include <cctype>

#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

std::string list_text(const std::vector<std::string>& parts) {
  std::string text = "[";
  return text.append(join(parts)).append("]");
}

std::string genes_text(const std::vector<Gene>& genes) {
  std::vector<std::string> parts;
  parts.reserve(genes.size());
  for (const auto& gene : genes) {
    parts.push_back("('" + to_string(gene.operation) + "', " + std::to_string(gene.source) + ")");
  }
  return list_text(parts);
}

std::string concat_text(const std::vector<int>& concat) {
  bool consecutive = concat.size() > 1;
  std::vector<std::string> parts;
  for (size_t i = 0; i < concat.size(); ++i) {
    consecutive = consecutive && concat[i] == concat[0] + static_cast<int>(i);
    parts.push_back(std::to_string(concat[i]));
  }
  return consecutive ? "range(" + parts.front() + ", " + std::to_string(concat.back() + 1) + ")"
                     : list_text(parts);
}

/// Recursive descent over the text; every error names the position.
class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text), position_(text.find("Genotype(")) {
    if (position_ == std::string::npos) {
      throw FileError(
          "genotype: the text has no 'Genotype(normal=[…], normal_concat=…, reduce=[…], "
          "reduce_concat=…)'");
    }
    position_ += std::string("Genotype(").size();
  }

  Genotype parse() {
    Genotype genotype;
    std::vector<std::string> seen;
    while (seen.empty() || accept(',')) {
      if (peek() == ')') {
        break;  // a trailing comma
      }
      const std::string field = identifier();
      if (std::find(seen.begin(), seen.end(), field) != seen.end()) {
        fail("field '" + field + "' is given twice");
      }
      seen.push_back(field);
      expect('=');
      read_field(genotype, field);
    }
    expect(')');
    if (seen.size() != 4) {
      fail("expected the fields normal, normal_concat, reduce and reduce_concat");
    }
    return genotype;
  }

 private:
  void read_field(Genotype& genotype, const std::string& field) {
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

  std::vector<Gene> genes() {
    std::vector<Gene> result;
    expect('[');
    while (!accept(']')) {
      expect('(');
      const Primitive operation = primitive_from_string(quoted());
      expect(',');
      result.push_back({operation, integer()});
      expect(')');
      if (!accept(',') && peek() != ']') {
        fail("expected ',' or ']'");
      }
    }
    return result;
  }

  std::vector<int> concat() {
    std::vector<int> result;
    if (accept('[')) {
      while (!accept(']')) {
        result.push_back(integer());
        if (!accept(',') && peek() != ']') {
          fail("expected ',' or ']'");
        }
      }
      return result;
    }
    if (identifier() != "range") {
      fail("expected range(a, b) or a list");
    }
    expect('(');
    int begin = 0;
    int end = integer();
    if (accept(',')) {
      begin = end;
      end = integer();
    }
    expect(')');
    for (int state = begin; state < end; ++state) {
      result.push_back(state);
    }
    return result;
  }

  char current() const { return position_ < text_.size() ? text_[position_] : '\0'; }

  void skip_space() {
    while (std::isspace(static_cast<unsigned char>(current())) != 0) {
      ++position_;
    }
  }

  char peek() {
    skip_space();
    return current();
  }

  bool accept(char wanted) {
    if (peek() != wanted) {
      return false;
    }
    ++position_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) {
      fail(std::string("expected '") + wanted + "'");
    }
  }

  std::string identifier() {
    std::string result;
    skip_space();
    while (std::isalnum(static_cast<unsigned char>(current())) != 0 || current() == '_') {
      result += text_[position_++];
    }
    if (result.empty()) {
      fail("expected a name");
    }
    return result;
  }

  std::string quoted() {
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

  int integer() {
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

  [[noreturn]] void fail(const std::string& what) const {
    throw FileError("genotype: " + what + " at character " + std::to_string(position_ + 1) +
                    ", before '" + text_.substr(std::min(position_, text_.size()), 20) + "'");
  }

  const std::string& text_;
  size_t position_;
};

void validate_cell(const CellGenotype& cell, const std::string& name) {
  if (cell.genes.empty() || cell.genes.size() % 2 != 0) {
    throw FileError("genotype: the " + name + " cell has " + std::to_string(cell.genes.size()) +
                    " operations; two per node are needed");
  }
  for (size_t i = 0; i < cell.genes.size(); ++i) {
    const int states = 2 + static_cast<int>(i) / 2;
    if (cell.genes[i].source < 0 || cell.genes[i].source >= states) {
      throw FileError("genotype: operation " + std::to_string(i) + " of the " + name +
                      " cell reads state " + std::to_string(cell.genes[i].source) +
                      ", but only 0 to " + std::to_string(states - 1) + " exist there");
    }
  }
  if (cell.concat.empty()) {
    throw FileError("genotype: the " + name + " cell concatenates nothing");
  }
  for (const int state : cell.concat) {
    if (state < 0 || state >= cell.nodes() + 2) {
      throw FileError("genotype: the " + name + " cell concatenates state " +
                      std::to_string(state) + ", but only 0 to " +
                      std::to_string(cell.nodes() + 1) + " exist");
    }
  }
}

}  // namespace

std::string to_string(const Genotype& genotype) {
  return "Genotype(normal=" + genes_text(genotype.normal.genes) +
         ", normal_concat=" + concat_text(genotype.normal.concat) +
         ", reduce=" + genes_text(genotype.reduce.genes) +
         ", reduce_concat=" + concat_text(genotype.reduce.concat) + ")";
}

Genotype parse_genotype(const std::string& text) {
  Genotype genotype = Parser(text).parse();
  validate(genotype);
  return genotype;
}

void validate(const Genotype& genotype) {
  validate_cell(genotype.normal, "normal");
  validate_cell(genotype.reduce, "reduction");
}

int count_skips(const CellGenotype& cell) {
  return static_cast<int>(std::count_if(cell.genes.begin(), cell.genes.end(), [](const Gene& gene) {
    return gene.operation == Primitive::kSkipConnect;
  }));
}

}  // namespace sanas
