// SPDX-License-Identifier: Apache-2.0
#include "report/page.h"

#include "report/assets.h"
#include "report/html.h"

namespace sanas {

std::string html_page(const std::string& title, const std::string& body) {
  // Nothing may be loaded from anywhere, whatever a run folder holds.
  const std::string policy =
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         policy + "\">\n<link rel=\"icon\" href=\"data:,\">\n<title>" + escape_html(title) +
         "</title>\n<style>\n" + std::string(kPageStyle) + "</style>\n</head>\n<body>\n" + body +
         "<script>\n" + std::string(kPageScript) + "</script>\n</body>\n</html>\n";
}

}  // namespace sanas
