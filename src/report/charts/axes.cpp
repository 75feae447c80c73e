// SPDX-License-Identifier: Apache-2.0
#include "report/charts/axes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/format.h"

namespace sanas {
namespace {

/// 1, 2 or 5 times a power of ten, so that about `count` steps fill the range.
double tick_step(const Range& range, double count) {
  const double raw = (range.high - range.low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double part = raw / power;
  return power * (part < 1.5 ? 1.0 : part < 3.0 ? 2.0 : part < 7.0 ? 5.0 : 10.0);
}

/// "10⁻⁵".
std::string power_text(int exponent) {
  constexpr std::array<const char*, 10> kDigits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "10⁻" : "10";
  for (const char digit : std::to_string(std::abs(exponent))) {
    text += kDigits[static_cast<size_t>(digit - '0')];
  }
  return text;
}

std::vector<double> whole_ticks(std::vector<double> ticks) {
  std::erase_if(ticks, [](double tick) { return std::abs(tick - std::round(tick)) > 1e-9; });
  return ticks;
}

/// The range of the axis: with some room around the points, and from zero on where they come near
/// it.
Range y_axis(const Extent& extent) {
  Range y = extent.y_range ? Range{extent.y_range->first, extent.y_range->second} : extent.y;
  if (extent.logarithmic) {
    return y.low < y.high ? Range{y.low / 1.15, y.high * 1.15} : Range{y.low / 2.0, y.high * 2.0};
  }
  y = y.widened(extent.whole_y || y.low == 0.0 ? 1.0 : 0.1 * std::abs(y.low));
  if (extent.y_range) {
    return y;
  }
  const double room = 0.04 * (y.high - y.low);
  return {y.low >= 0.0 && y.low < 3 * room ? 0.0 : y.low - room, y.high + room};
}

}  // namespace

void Range::include(double value) {
  low = std::min(low, value);
  high = std::max(high, value);
}

std::vector<double> linear_ticks(const Range& range, double count) {
  std::vector<double> ticks;
  const double step = tick_step(range, count);
  const double first = std::ceil(range.low / step - 1e-9);
  const double steps = std::floor((range.high - first * step) / step + 1e-9);
  for (double k = 0.0; k <= steps; ++k) {
    ticks.push_back((first + k) * step);
  }
  return ticks;
}

std::vector<double> logarithmic_ticks(const Range& range) {
  const double low = std::ceil(std::log10(range.low) - 1e-9);
  const double high = std::floor(std::log10(range.high) + 1e-9);
  const double every = std::max(1.0, std::ceil((high - low) / 6.0));
  std::vector<double> ticks;
  for (double power = low; power <= high; ++power) {
    if (std::fmod(power - low, every) == 0.0) {
      ticks.push_back(std::pow(10.0, power));
    }
  }
  return ticks.size() >= 2 ? ticks : linear_ticks(range, 4);
}

std::string tick_text(double value, const std::vector<double>& ticks) {
  double most = 0.0;
  double gap = std::numeric_limits<double>::infinity();
  bool powers = true;
  for (size_t i = 0; i < ticks.size(); ++i) {
    most = std::max(most, std::abs(ticks[i]));
    gap = i == 0 ? gap : std::min(gap, ticks[i] - ticks[i - 1]);
    const double exponent = ticks[i] > 0.0 ? std::log10(ticks[i]) : 0.5;
    powers = powers && std::abs(exponent - std::round(exponent)) < 1e-9;
  }
  const double least = powers && !ticks.empty() ? ticks.front() : gap;
  if (powers && (most >= 1e5 || least < 1e-3)) {
    return power_text(static_cast<int>(std::lround(std::log10(value))));
  }
  if (most >= 1e6 || least < 1e-6 || ticks.size() < 2) {
    return format("%.3g", std::abs(value) < 1e-9 * most ? 0.0 : value);
  }
  if (powers) {
    return format("%.6g", value);
  }
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(gap) + 1e-9)));
  return std::abs(value) < 1e-9 * most ? "0" : format("%.*f", decimals, value);
}

Axes::Axes(const Extent& extent, const Frame& frame)
    : frame_(frame),
      logarithmic_(extent.logarithmic),
      whole_x_(extent.whole_x),
      whole_y_(extent.whole_y),
      x_(extent.x.widened(1.0)),
      y_(y_axis(extent)) {}

double Axes::x(double value) const {
  return frame_.left + (value - x_.low) / (x_.high - x_.low) * frame_.plot_width();
}

double Axes::y(double value) const {
  const double part =
      logarithmic_ ? (std::log(value) - std::log(y_.low)) / (std::log(y_.high) - std::log(y_.low))
                   : (value - y_.low) / (y_.high - y_.low);
  return frame_.height - frame_.bottom - part * frame_.plot_height();
}

std::vector<double> Axes::x_ticks() const {
  const auto ticks = linear_ticks(x_, frame_.ticks);
  return whole_x_ ? whole_ticks(ticks) : ticks;
}

std::vector<double> Axes::y_ticks() const {
  const auto ticks = logarithmic_ ? logarithmic_ticks(y_) : linear_ticks(y_, frame_.ticks);
  return whole_y_ ? whole_ticks(ticks) : ticks;
}

}  // namespace sanas
