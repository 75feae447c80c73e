// SPDX-License-Identifier: Apache-2.0
#pragma once

// The six terms of the hypergradient by name, and one value of whatever kind for each.

#include <array>
#include <cstddef>
#include <string>

namespace sanas {

/// The six terms of the hypergradient dO/dA = γ (d1 + I1) + d2 + I2 + I3 + I4 (method §3.1): the
/// ways on which A reaches the two validation losses.
enum class Term {
  kDirect1,        ///< d1: A in the validation loss of W1
  kDirect2,        ///< d2: A in the validation loss of W2
  kWeights1,       ///< I1: A → W1' → V(W1')
  kWeights2,       ///< I2: A → W2' → V(W2')
  kDeltaDirect,    ///< I3: A → Δ' → W2' → V(W2')
  kDeltaWeights1,  ///< I4: A → W1' → Δ' → W2' → V(W2')
};

inline constexpr std::array kTerms{Term::kDirect1,  Term::kDirect2,     Term::kWeights1,
                                   Term::kWeights2, Term::kDeltaDirect, Term::kDeltaWeights1};

/// As a configuration writes it: "direct1", …, "delta_weights1".
std::string to_string(Term term);
/// As the formula writes it: "d1", "d2", "I1", …, "I4".
std::string symbol(Term term);

/// Whether the term is one of the validation loss of W1: γ stands in front of it, and a plain
/// search, which has no other loss, has no other terms.
constexpr bool is_of_validation1(Term term) {
  return term == Term::kDirect1 || term == Term::kWeights1;
}

/// One value for each term; `kTerms` is what to iterate over.
template <typename T>
class PerTerm {
 public:
  PerTerm() = default;
  explicit PerTerm(const T& value) { values_.fill(value); }

  T& operator[](Term term) { return values_[static_cast<size_t>(term)]; }
  const T& operator[](Term term) const { return values_[static_cast<size_t>(term)]; }

  bool operator==(const PerTerm&) const = default;

 private:
  std::array<T, kTerms.size()> values_{};
};

}  // namespace sanas
