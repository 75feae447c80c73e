// SPDX-License-Identifier: Apache-2.0
#include "sanas/config/setting.h"

#include "formats/number_text.h"
#include "formats/yaml_tree.h"

namespace sanas {

std::string text_setting(const std::string& key, const std::string& text) {
  return key + "=" + yaml_scalar(text);
}

std::optional<double> number_setting(const std::string& text) { return parse_number(text); }

}  // namespace sanas
