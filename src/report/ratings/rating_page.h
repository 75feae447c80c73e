// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sanas {

/// The page for raters around `data`, a JSON text.
std::string rating_page(const std::string& data);

}  // namespace sanas
