// SPDX-License-Identifier: Apache-2.0
#include "report/html.h"

#include <gtest/gtest.h>

namespace sanas {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

TEST(EscapeHtml, LeavesNoMarkup) {
  EXPECT_EQ(escape_html("<b a='1' c=\"2\">&amp;"),
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;");
  EXPECT_EQ(escape_html("two words\tδ ⊙ x\n"), "two words\tδ ⊙ x\n");
}

TEST(EscapeHtml, ReplacesWhatIsNoUtf8) {
  const std::string replaced = kReplacement;
  EXPECT_EQ(escape_html("a\xFF"), "a" + replaced);
  EXPECT_EQ(escape_html("\xC3"), replaced);                                // cut
  EXPECT_EQ(escape_html("\xC0\xBC"), replaced + replaced);                 // '<', too long
  EXPECT_EQ(escape_html("\xED\xA0\x80"), replaced + replaced + replaced);  // a surrogate
  EXPECT_EQ(escape_html(std::string("\0\x1B", 2)), replaced + replaced);
  EXPECT_EQ(escape_html("\xF0\x9F\x98\x80"), "\xF0\x9F\x98\x80");
}

TEST(InsideScript, LeavesNothingThatEndsAnElement) {
  EXPECT_EQ(inside_script(R"(["</script><!--"])"), R"(["\u003c/script>\u003c!--"])");
  EXPECT_EQ(inside_script("[1]"), "[1]");
}

// From RFC 4648, section 10.
TEST(DataUri, IsBase64) {
  EXPECT_EQ(data_uri("image/png", ""), "data:image/png;base64,");
  EXPECT_EQ(data_uri("image/png", "f"), "data:image/png;base64,Zg==");
  EXPECT_EQ(data_uri("image/png", "fo"), "data:image/png;base64,Zm8=");
  EXPECT_EQ(data_uri("image/png", "foobar"), "data:image/png;base64,Zm9vYmFy");
  EXPECT_EQ(data_uri("image/png", "\xFB\xFF"), "data:image/png;base64,+/8=");
}

TEST(RelativeLink, LeadsFromThePageToTheFile) {
  EXPECT_EQ(relative_link("runs/a/log.txt", "runs/a"), "./log.txt");
  EXPECT_EQ(relative_link("runs/a/log.txt", "pages"), "../runs/a/log.txt");
  EXPECT_EQ(relative_link("/x/it's \"<b>\" #1?.txt", "/x"),
            "./it%27s%20%22%3Cb%3E%22%20%231%3F.txt");
  EXPECT_EQ(relative_link("/x/javascript:alert(1)", "/x"), "./javascript%3Aalert%281%29");
}

TEST(HtmlTable, HasHeadsForScreenReaders) {
  const std::string html = to_html({"Sizes", {"name", "bytes"}, {{"a", "1"}}, ""});
  EXPECT_NE(html.find("<caption>Sizes</caption>"), std::string::npos);
  EXPECT_NE(html.find("<th scope=\"col\">name</th><th scope=\"col\">bytes</th>"),
            std::string::npos);
  EXPECT_NE(html.find("<th scope=\"row\">a</th><td>1</td>"), std::string::npos);
  EXPECT_EQ(to_html({"Sizes", {"name"}, {}, ""}), "");
}

}  // namespace
}  // namespace sanas
