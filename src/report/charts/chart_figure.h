// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/charts/chart.h"

namespace sanas {

/// The chart as a <figure> of a page: SVG, legend, a table of first, last, lowest and highest
/// values, and the points as JSON for the page's script. A long series is shown by the means of
/// short intervals, with a band from their lowest to their highest value. Empty if no point can be
/// shown.
std::string chart_figure(const Chart& chart);

/// The entry of a legend. @param style as of a series.
std::string legend_item(const std::string& name, int style);

}  // namespace sanas
