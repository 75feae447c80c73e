// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sanas {

/// The confusion matrix of a test as HTML: a drawing, rows the true and columns the predicted
/// classes, and the pairs that are confused most often in words. Empty where `test`, the content of
/// test_report.json, has no square matrix of counts.
std::string draw_confusion(const nlohmann::ordered_json& test);

}  // namespace sanas
