// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

namespace sanas {

/// Does `work`, then `last`, however the work ended. @return what the work returned.
template <typename Work, typename Last>
auto do_finally(const Work& work, const Last& last) {
  std::optional<decltype(work())> result;
  try {
    result.emplace(work());
  } catch (...) {
    last();
    throw;
  }
  last();
  return *std::move(result);
}

}  // namespace sanas
