// SPDX-License-Identifier: Apache-2.0
#include "report/page_part.h"

#include "report/html.h"

namespace sanas {

std::string to_html(const std::vector<PagePart>& parts) {
  std::string html;
  for (const auto& part : parts) {
    if (!part.content.empty()) {
      html += "<section class=\"card\" id=\"" + part.id + "\" aria-labelledby=\"" + part.id +
              "-heading\">\n<h3 id=\"" + part.id + "-heading\">" + part.heading + "</h3>\n" +
              part.content + "</section>\n";
    }
  }
  return html;
}

std::string section(const PagePart& part) {
  return part.content.empty() ? ""
                              : "<section id=\"" + part.id + "\" aria-labelledby=\"" + part.id +
                                    "-title\">\n<h2 id=\"" + part.id + "-title\">" + part.heading +
                                    "</h2>\n" + part.content + "</section>\n";
}

std::string navigation(const std::vector<PagePart>& parts) {
  std::string items;
  for (const auto& part : parts) {
    if (!part.content.empty()) {
      items += "<li><a href=\"#" + part.id + "\">" + part.heading + "</a></li>\n";
    }
  }
  return "<nav aria-label=\"Contents\"><ul>\n" + items + "</ul></nav>\n";
}

std::string problems_of(const RunContents& run, const std::string& subject) {
  std::string items;
  for (const auto& problem : run.problems) {
    items += "<li>" + escape_html(problem) + "</li>\n";
  }
  return items.empty() ? ""
                       : "<div class=\"problems\" role=\"note\"><strong>Some of " + subject +
                             " could not be read:</strong>\n<ul>" + items + "</ul></div>\n";
}

}  // namespace sanas
