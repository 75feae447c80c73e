// SPDX-License-Identifier: Apache-2.0
#include "sanas/config/setting.h"

#include <gmock/gmock.h>

#include "sanas/config/config.h"

namespace sanas {
namespace {

TEST(Setting, TextComesBackWithWhateverCharactersItHas) {
  for (const std::string root :
       {"/data", "a b", "~x", "null", "12", "x: y # z", "'\"\\", "ü=[1]"}) {
    const Config config = parse_config("name: x", "x.yaml", {text_setting("dataset.root", root)});
    EXPECT_EQ(config.dataset.source.root, root);
  }
}

TEST(Setting, NumbersMayBeFractions) {
  EXPECT_EQ(number_setting("0.25"), 0.25);
  EXPECT_EQ(number_setting("8/255"), 8.0 / 255.0);
  for (const char* text : {"", "8/", "8 /x", "nan", "1e999"}) {
    EXPECT_EQ(number_setting(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sanas
