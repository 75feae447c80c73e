// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/run_contents.h"

namespace sanas {

/// A part of a page that its table of contents can lead to; left out without content. All texts are
/// HTML.
struct PagePart {
  std::string id;
  std::string heading;
  std::string content;
};

/// What stands between the head and the foot of a page.
struct PageBody {
  /// Plain text.
  std::string title;
  /// What the table of contents leads to.
  std::vector<PagePart> contents;
  std::string html;
};

/// Each part in a frame.
std::string to_html(const std::vector<PagePart>& parts);

/// A part that holds such frames.
std::string section(const PagePart& part);

/// Links to the parts that have content.
std::string navigation(const std::vector<PagePart>& parts);

/// What is damaged in a run's folder; empty for nothing. @param subject as HTML: "this run".
std::string problems_of(const RunContents& run, const std::string& subject);

}  // namespace sanas
