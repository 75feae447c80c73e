// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sanas {

// Texts of the pages. Each is a file beside this one, which the build takes into the library.

/// page.css: of reports. Colours of lines have a contrast of at least 3 to 1 with the background in
/// both schemes, those of text of at least 4.5 to 1; lines differ in their dashes, too.
extern const std::string_view kPageStyle;

/// page.js: names the points of a chart below the pointer, or those that the arrow keys lead to.
extern const std::string_view kPageScript;

/// charts/sheet.css: of charts in a file of their own, with the colours of page.css on white.
extern const std::string_view kSheetStyle;

/// ratings/rating.html and what it asks for.
extern const std::string_view kRatingPage;
extern const std::string_view kRatingStyle;
extern const std::string_view kRatingScript;

}  // namespace sanas
