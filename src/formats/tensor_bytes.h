// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <string>

#include "formats/element_types.h"

namespace sanas {

/// The element type of a tensor that goes into a file. Throws FileError that names the tensor if
/// files have no form for it.
const ElementType& storable_type(const std::string& name, const torch::Tensor& tensor);

/// The tensor's elements on the CPU, in C order and packed.
torch::Tensor packed(const torch::Tensor& tensor);

/// True unless the tensor is boolean and holds a byte that is neither 0 nor 1, which a file can
/// contain but C++ must not read as a bool.
bool has_valid_bools(const torch::Tensor& tensor);

}  // namespace sanas
