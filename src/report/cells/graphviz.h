// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace sanas {

/// The drawing of a graph in the DOT language as PDF by graphviz's program `dot`, or nothing where
/// that is not installed or fails. The program is started directly, without a shell.
std::optional<std::string> graphviz_pdf(const std::string& dot);

}  // namespace sanas
