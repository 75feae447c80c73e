// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sanas {

/// A whole HTML document around `body`, with the style of reports and the script that names the
/// points of charts. @param title plain text.
std::string html_page(const std::string& title, const std::string& body);

}  // namespace sanas
