// SPDX-License-Identifier: Apache-2.0
#pragma once

// The names of the operations that an edge of a cell can hold.

#include <string>

namespace sanas {

/// An operation that an edge of a cell can hold (darts-family §1). The first eight, in this order,
/// are the columns of the architecture parameters in the DARTS space. More can be added at run time
/// (add_operation in nn/operations.h).
enum class Primitive {
  kNone,
  kMaxPool3x3,
  kAvgPool3x3,
  kSkipConnect,
  kSepConv3x3,
  kSepConv5x5,
  kDilConv3x3,
  kDilConv5x5,
  kSepConv7x7,
  kConv7x1_1x7,
  kNoise,
};

/// Name in genotype text, e.g. "sep_conv_3x3".
const std::string& to_string(Primitive primitive);

/// Reverse of `to_string`. PR-DARTS' names dua_sepc_KxK and dil_sepc_KxK are understood as
/// sep_conv_KxK and dil_conv_KxK. Throws FileError with the nearest known name.
Primitive primitive_from_string(const std::string& name);

/// A new primitive of that name, for as long as the program runs. Not thread-safe.
/// Throws ConfigError for a name that exists.
Primitive add_primitive(const std::string& name);

/// True for max and average pooling: these get a batch norm in the search network only.
bool is_pooling(Primitive primitive);

}  // namespace sanas
