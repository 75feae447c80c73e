// SPDX-License-Identifier: Apache-2.0
#include "report/facts.h"
#include "report/html.h"
#include "report/sections.h"

namespace sanas {
std::string configuration_section(const RunContents& run) {
  if (!run.config) {
    return run.config_text.empty()
               ? ""
               : folded("config.yaml as it stands",
                        "<pre><code>" + escape_html(run.config_text) + "</code></pre>");
  }
  const auto now = config_entries(*run.config);
  const auto base = run.base ? config_entries(*run.base) : now;
  const auto defaults = config_entries(Config{});
  const std::string named = run.base ? "in " + escape_html(run.base->name) : "";
  HtmlTable changed{
      "Keys that the command line changed", {"key", "value", named, "default"}, {}, "keys"};
  HtmlTable all{"All keys", {"key", "value", "", "default"}, {}, "keys"};
  for (size_t i = 0; i < now.size(); ++i) {
    const auto& [key, value] = now[i];
    const bool is_changed = value != base[i].second;
    const bool is_set = value != defaults[i].second;
    const std::string code = "<code>" + escape_html(value) + "</code>";
    const std::string default_code = "<code>" + escape_html(defaults[i].second) + "</code>";
    if (is_changed) {
      changed.rows.push_back({"<code>" + escape_html(key) + "</code>", code,
                              "<code>" + escape_html(base[i].second) + "</code>", default_code});
    }
    all.rows.push_back({"<code>" + escape_html(key) + "</code>", code,
                        is_changed ? mark("changed", "strong")
                        : is_set   ? mark("set", "")
                                   : "",
                        is_set ? default_code : ""});
  }
  const std::string note =
      run.base
          ? (changed.rows.empty() ? "<p>As in the named configuration, without changes.</p>\n" : "")
          : "<p>The configuration it was begun with is not in the folder; keys that differ from "
            "the defaults are marked.</p>\n";
  const std::string changes =
      changed.rows.empty()
          ? ""
          : folded(std::to_string(changed.rows.size()) + " changed keys", to_html(changed));
  return note + changes +
         folded("All " + std::to_string(now.size()) + " keys",
                "<p>" + mark("changed", "strong") + " on the command line or in the folder, " +
                    mark("set", "") +
                    " in the configuration's file; the others have their defaults.</p>\n" +
                    to_html(all));
}

}  // namespace sanas
