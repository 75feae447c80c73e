// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sanas {

/// A text, such as a path, as one word of a shell's command line.
std::string shell_word(const std::string& text);

}  // namespace sanas
