// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/charts/chart.h"

namespace sanas {

/// Charts side by side as an SVG file of their own, two in a row, under a legend of the lines'
/// names. The charts have the same series.
std::string chart_sheet(const std::vector<Chart>& charts);

}  // namespace sanas
