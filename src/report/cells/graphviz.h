// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace sanas {

enum class DrawingFormat { kSvg, kPdf, kPng };

/// The drawing of a graph in the DOT language by graphviz's program `dot`, or nothing where that is
/// not installed or fails. The program is started directly, without a shell.
std::optional<std::string> run_graphviz(const std::string& dot, DrawingFormat format);

}  // namespace sanas
