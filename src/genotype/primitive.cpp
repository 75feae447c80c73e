// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/primitive.h"

#include <algorithm>
#include <deque>

#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

/// In the order of the enumerators; a deque, so that names stay where they are.
std::deque<std::string>& names() {
  static std::deque<std::string> all{"none",         "max_pool_3x3", "avg_pool_3x3", "skip_connect",
                                     "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
                                     "sep_conv_7x7", "conv_7x1_1x7", "noise"};
  return all;
}

}  // namespace

const std::string& to_string(Primitive primitive) {
  return names().at(static_cast<size_t>(primitive));
}

Primitive primitive_from_string(const std::string& name) {
  std::string canonical = name;
  if (name.starts_with("dua_sepc_")) {
    canonical = "sep_conv_" + name.substr(9);
  } else if (name.starts_with("dil_sepc_")) {
    canonical = "dil_conv_" + name.substr(9);
  }
  const auto found = std::find(names().begin(), names().end(), canonical);
  if (found == names().end()) {
    throw FileError("unknown operation '" + name + "', did you mean '" +
                    nearest(name, {names().begin(), names().end()}) + "'?");
  }
  return static_cast<Primitive>(found - names().begin());
}

Primitive add_primitive(const std::string& name) {
  if (std::find(names().begin(), names().end(), name) != names().end()) {
    throw ConfigError("operation '" + name + "' exists already");
  }
  names().push_back(name);
  return static_cast<Primitive>(names().size() - 1);
}

bool is_pooling(Primitive primitive) {
  return primitive == Primitive::kMaxPool3x3 || primitive == Primitive::kAvgPool3x3;
}

}  // namespace sanas
