// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sanas {

constexpr uint64_t kFnvBasis = 0xCBF29CE484222325ULL;

/// FNV-1a, 64 bits, to tell texts apart; no protection against anybody. Text in pieces has the hash
/// of the whole if each goes on from the hash of those before.
constexpr uint64_t fnv1a(std::string_view text, uint64_t hash = kFnvBasis) {
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return hash;
}

}  // namespace sanas
