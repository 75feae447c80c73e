// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

namespace sanas {

/// What a checksum of terms of size one may differ between two processors: their vector units add
/// in different orders. Only numbers printed to the fifteenth decimal are affected.
inline constexpr double kRounding = 2e-15;

/// Half a unit (and a little) of the last digit of a decimal number like "-1.25" or "3.5e-07".
inline double half_last_digit(const std::string& text) {
  const size_t exponent_at = text.find_first_of("eE");
  const std::string mantissa = text.substr(0, exponent_at);
  const int exponent =
      exponent_at == std::string::npos ? 0 : std::stoi(text.substr(exponent_at + 1));
  const size_t point = mantissa.find('.');
  const int decimals =
      point == std::string::npos ? 0 : static_cast<int>(mantissa.size() - point - 1);
  return std::max(0.51 * std::pow(10.0, exponent - decimals), kRounding);
}

/// Expects that each value agrees with its published number in every digit given.
/// @param texts the numbers as printed, separated by spaces.
inline void expect_golden(const std::vector<double>& values, const std::string& texts) {
  std::istringstream stream(texts);
  std::string text;
  size_t i = 0;
  for (; stream >> text; ++i) {
    ASSERT_LT(i, values.size()) << "fewer values than published numbers";
    EXPECT_NEAR(values[i], std::stod(text), half_last_digit(text))
        << "number " << i << ": " << text;
  }
  EXPECT_EQ(i, values.size()) << "more values than published numbers";
}

/// All elements, row-major.
inline std::vector<double> elements(const torch::Tensor& tensor) {
  const auto flat = tensor.detach().to(torch::kCPU, torch::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

}  // namespace sanas
