// SPDX-License-Identifier: Apache-2.0
#include "report/ratings/rating_page.h"

#include <torch/types.h>

#include <string_view>

#include "report/assets.h"

namespace sanas {
namespace {

/// `page` with `content` in place of `mark`, which it has once.
std::string filled(std::string page, std::string_view mark, const std::string& content) {
  const size_t at = page.find(mark);
  TORCH_CHECK(at != std::string::npos, "the page for raters has no ", mark);
  return page.replace(at, mark.size(), content);
}

}  // namespace

std::string rating_page(const std::string& data) {
  // The file can be looked at by itself; here it becomes one that asks for no other.
  std::string page(kRatingPage);
  page = filled(page, "<link rel=\"stylesheet\" href=\"rating.css\">",
                "<style>\n" + std::string(kRatingStyle) + "</style>");
  page = filled(page, "<script src=\"rating.js\"></script>",
                "<script>\n" + std::string(kRatingScript) + "</script>");
  constexpr std::string_view kData = "<script type=\"application/json\" id=\"sheet\">";
  return filled(page, kData, std::string(kData) + data);
}

}  // namespace sanas
