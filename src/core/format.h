// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sanas {

/// printf into a string; the compiler checks the arguments.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

/// A number of statistics for people with so many decimals, or significant digits; NaN is what a
/// sample says nothing about.
std::string decimals_or_undefined(double value, int decimals);
std::string digits_or_undefined(double value, int digits);

/// "0.123 [0.100, 0.150]": a mean with the limits of its interval.
std::string with_interval(int decimals, double mean, double low, double high);

}  // namespace sanas
