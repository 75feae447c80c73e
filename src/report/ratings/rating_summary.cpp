// SPDX-License-Identifier: Apache-2.0
#include "sanas/report/rating_summary.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/format.h"
#include "formats/json_text.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/saliency/agreement.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kRatingsFormat = "sanas-ratings-1";
constexpr size_t kLargestRatingFile = 16U << 20U;

std::string from_hex(const std::string& hex) {
  std::string text;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return text;
}

/// One file of ratings.
struct Ratings {
  std::string sheet;
  std::string key;
  std::string rater;
  std::map<size_t, int> values;  // by item
};

Ratings read_ratings(const fs::path& file) {
  const auto fail = [&](const std::string& what) -> void {
    throw FileError(file.string() + ": " + what + "; expected what a rating sheet downloads");
  };
  try {
    const auto json = parse_json(read_text_file(file, kLargestRatingFile));
    if (json.is_discarded()) {
      fail("no JSON");
    }
    if (json.at("format") != kRatingsFormat) {
      fail("not of the format " + std::string(kRatingsFormat));
    }
    Ratings ratings{json.at("sheet"), json.at("key"), json.at("rater"), {}};
    for (const auto& [item, value] : json.at("ratings").items()) {
      const bool number = !item.empty() && item.size() < 10 &&
                          item.find_first_not_of("0123456789") == std::string::npos;
      const int64_t rating = value.is_number_integer() ? value.get<int64_t>() : 0;
      if (!number || rating < 1 || rating > 5) {
        fail("rating '" + item + "': " + value.dump() + " is not from 1 to 5");
      }
      ratings.values[std::stoul(item)] = static_cast<int>(rating);
    }
    return ratings;
  } catch (const nlohmann::json::exception& error) {
    fail(std::string("no ratings: ") + error.what());
  }
  TORCH_CHECK(false, "not reached");
}

/// The image and column of each item.
std::vector<std::pair<std::string, std::string>> read_key(const fs::path& file,
                                                          const std::string& key) {
  try {
    std::vector<std::pair<std::string, std::string>> items;
    for (const auto& item : parse_json(from_hex(key))) {
      items.emplace_back(item.at(0).get<std::string>(), item.at(1).get<std::string>());
    }
    return items;
  } catch (const std::exception&) {
    throw FileError(file.string() + ": its key is damaged; expected what a rating sheet downloads");
  }
}

std::string sheet_id_of_page(const fs::path& page) {
  const std::string html = read_text_file(page, size_t{1} << 30U);
  constexpr const char* kBefore = "{\"sheet\":\"";
  const auto at = html.find(kBefore);
  if (at == std::string::npos) {
    throw FileError(page.string() + ": no rating sheet");
  }
  const auto begin = at + std::char_traits<char>::length(kBefore);
  return html.substr(begin, html.find('"', begin) - begin);
}

/// Everything that was said of a column: for each image the ratings of its map.
using ImageRatings = std::map<std::string, std::vector<double>>;

RatingSummary summarize(const std::string& column, const ImageRatings& images,
                        const BootstrapOptions& bootstrap) {
  RatingSummary summary;
  summary.column = column;
  std::vector<double> means;
  std::vector<std::vector<double>> units;
  for (const auto& [image, ratings] : images) {
    double sum = 0.0;
    for (const double rating : ratings) {
      sum += rating;
    }
    means.push_back(sum / static_cast<double>(ratings.size()));
    units.push_back(ratings);
    summary.ratings += static_cast<int64_t>(ratings.size());
  }
  summary.rating = bootstrap_mean(means, bootstrap);
  summary.alpha = krippendorff_alpha(units);
  return summary;
}

}  // namespace

std::vector<RatingSummary> aggregate_ratings(const std::vector<fs::path>& files,
                                             const fs::path& sheet,
                                             const BootstrapOptions& bootstrap) {
  TORCH_CHECK(!files.empty(), "no ratings");
  std::string first_sheet = sheet.empty() ? "" : sheet_id_of_page(sheet);
  std::string first_name = sheet.string();
  std::string first_key;
  std::map<std::string, ImageRatings> columns;
  std::set<std::string> raters;
  for (const auto& file : files) {
    const Ratings ratings = read_ratings(file);
    if (first_sheet.empty()) {
      first_sheet = ratings.sheet;
      first_name = file.string();
    }
    first_key = first_key.empty() ? ratings.key : first_key;
    if (ratings.sheet != first_sheet || ratings.key != first_key) {
      throw FileError(file.string() + ": ratings of sheet " + ratings.sheet + ", but " +
                      first_name + " is of sheet " + first_sheet);
    }
    if (!raters.insert(ratings.rater).second) {
      throw FileError(file.string() + ": a second file by rater '" + ratings.rater + "'");
    }
    const auto items = read_key(file, ratings.key);
    for (const auto& [item, rating] : ratings.values) {
      if (item >= items.size()) {
        throw FileError(file.string() + ": rates item " + std::to_string(item) + " of " +
                        std::to_string(items.size()));
      }
      const auto& [image, column] = items[item];
      columns[column][image].push_back(rating);
    }
  }
  std::vector<RatingSummary> summaries;
  for (const auto& [column, images] : columns) {
    summaries.push_back(summarize(column, images, bootstrap));
  }
  return summaries;
}

std::string ratings_text(const std::vector<RatingSummary>& summaries) {
  size_t width = 6;
  for (const auto& summary : summaries) {
    width = std::max(width, summary.column.size());
  }
  std::string text = "method";
  text.append(width - 6, ' ').append("  mean [95 % interval]    images  ratings  alpha\n");
  for (const auto& summary : summaries) {
    text += summary.column + std::string(width - summary.column.size(), ' ') + "  " +
            with_interval(2, summary.rating.mean, summary.rating.low, summary.rating.high) +
            format("  %10lld  %7lld  ", static_cast<long long>(summary.rating.count),
                   static_cast<long long>(summary.ratings)) +
            decimals_or_undefined(summary.alpha, 3) + "\n";
  }
  return text;
}

std::string ratings_json(const std::vector<RatingSummary>& summaries) {
  ordered_json list = ordered_json::array();
  for (const auto& summary : summaries) {
    list.push_back(
        {{"column", summary.column},
         {"mean", summary.rating.mean},
         {"low", summary.rating.low},
         {"high", summary.rating.high},
         {"images", summary.rating.count},
         {"ratings", summary.ratings},
         {"alpha", std::isfinite(summary.alpha) ? ordered_json(summary.alpha) : ordered_json()}});
  }
  return list.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sanas
