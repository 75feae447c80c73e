// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/method_table.h"

#include <algorithm>
#include <cmath>

#include "core/format.h"
#include "formats/delimited_text.h"
#include "formats/number_text.h"

namespace sanas {
namespace {

std::string percent(const SampleSummary& summary, const char* plus_minus) {
  return format("%.2f", 100.0 * summary.mean) + plus_minus +
         decimals_or_undefined(100.0 * summary.deviation, 2);
}

/// For the reader who looks for a number.
const char* reason_of_undefined(const MethodComparison& comparison) {
  return std::isnan(comparison.one_sample.p_value) || std::isnan(comparison.welch.p_value)
             ? "  (undefined: one value, or no spread)"
             : "";
}

std::string text_table(const std::vector<MethodComparison>& comparisons) {
  size_t width = 6;
  for (const auto& comparison : comparisons) {
    width = std::max({width, comparison.a.name.size(), comparison.b.name.size()});
  }
  const int column = static_cast<int>(width);
  std::string text;
  const auto line = [&](const MethodScores& scores) {
    const auto summary = summarize(scores.accuracies);
    text += format("%-*s  %s %%  (%lld run%s)\n", column, scores.name.c_str(),
                   percent(summary, " ± ").c_str(), static_cast<long long>(summary.count),
                   summary.count == 1 ? "" : "s");
  };
  line(comparisons.front().a);
  for (const auto& comparison : comparisons) {
    line(comparison.b);
    const auto& [a, b, one_sample, welch] = comparison;
    text += format("%*s  one-sample t = %s, p = %s; Welch t = %s with %s degrees, p = %s%s\n",
                   column, "", digits_or_undefined(one_sample.statistic, 4).c_str(),
                   digits_or_undefined(one_sample.p_value, 3).c_str(),
                   digits_or_undefined(welch.statistic, 4).c_str(),
                   decimals_or_undefined(welch.degrees_of_freedom, 1).c_str(),
                   digits_or_undefined(welch.p_value, 3).c_str(), reason_of_undefined(comparison));
  }
  return text;
}

std::string csv_table(const std::vector<MethodComparison>& comparisons) {
  std::string text =
      "a,b,a_runs,a_mean,a_deviation,b_runs,b_mean,b_deviation,t_one_sample,p_one_sample,"
      "t_welch,degrees_welch,p_welch\n";
  for (const auto& [a, b, one_sample, welch] : comparisons) {
    const auto of_a = summarize(a.accuracies);
    const auto of_b = summarize(b.accuracies);
    text += csv_field(a.name) + "," + csv_field(b.name);
    text += "," + std::to_string(of_a.count);
    for (const double value : {of_a.mean, of_a.deviation}) {
      text += "," + shortest(value);
    }
    text += "," + std::to_string(of_b.count);
    for (const double value : {of_b.mean, of_b.deviation, one_sample.statistic, one_sample.p_value,
                               welch.statistic, welch.degrees_of_freedom, welch.p_value}) {
      text += "," + shortest(value);
    }
    text += "\n";
  }
  return text;
}

std::string latex_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string("&%$#_{}").find(c) != std::string::npos) {
      escaped += '\\';
    }
    escaped += c == '\\'  ? "\\textbackslash{}"
               : c == '^' ? "\\textasciicircum{}"
               : c == '~' ? "\\textasciitilde{}"
                          : std::string(1, c);
  }
  return escaped;
}

std::string latex_number(double value) {
  if (!std::isfinite(value)) {
    return digits_or_undefined(value, 6);
  }
  const std::string text = format("%.2e", value);
  const auto exponent = text.find('e');
  return "$" + text.substr(0, exponent) + "\\cdot 10^{" +
         std::to_string(std::stoi(text.substr(exponent + 1))) + "}$";
}

std::string latex_percent(const SampleSummary& summary) {
  return std::isnan(summary.deviation) ? format("$%.2f$ (one run)", 100.0 * summary.mean)
                                       : "$" + percent(summary, "\\pm") + "$";
}

std::string latex_table(const std::vector<MethodComparison>& comparisons) {
  std::string text =
      "\\begin{tabular}{llrrrr}\n\\toprule\n"
      "Method & Baseline & Accuracy (\\%) & Baseline (\\%) & $p$ (one-sample) & $p$ (Welch) \\\\\n"
      "\\midrule\n";
  for (const auto& [a, b, one_sample, welch] : comparisons) {
    text += latex_text(a.name) + " & " + latex_text(b.name) + " & " +
            latex_percent(summarize(a.accuracies)) + " & " +
            latex_percent(summarize(b.accuracies)) + " & " + latex_number(one_sample.p_value) +
            " & " + latex_number(welch.p_value) + " \\\\\n";
  }
  return text + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace

MethodComparison compare_methods(const MethodScores& a, const MethodScores& b) {
  return {a, b, one_sample_t_test(a.accuracies, summarize(b.accuracies).mean),
          welch_t_test(a.accuracies, b.accuracies)};
}

std::string comparison_table(const std::vector<MethodComparison>& comparisons, TableFormat format) {
  switch (format) {
    case TableFormat::kText:
      return text_table(comparisons);
    case TableFormat::kCsv:
      return csv_table(comparisons);
    case TableFormat::kLatex:
      return latex_table(comparisons);
  }
  return {};
}

}  // namespace sanas
