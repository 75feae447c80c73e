// SPDX-License-Identifier: Apache-2.0
#include "formats/tensor_bytes.h"

#include <algorithm>
#include <bit>

#include "core/utf8.h"
#include "sanas/core/error.h"

namespace sanas {

static_assert(std::endian::native == std::endian::little, "the file formats are little-endian");

const ElementType& storable_type(const std::string& name, const torch::Tensor& tensor) {
  TORCH_CHECK(tensor.defined(), "tensor ", in_quotes(name), " is undefined");
  const auto* type = find_element_type(&ElementType::scalar, tensor.scalar_type());
  if (type == nullptr || tensor.layout() != torch::kStrided) {
    throw FileError("tensor " + in_quotes(name) + ": a " +
                    (type == nullptr ? c10::toString(tensor.scalar_type()) : "sparse") +
                    " tensor can't be saved; convert it to a dense one of a plain number type");
  }
  return *type;
}

torch::Tensor packed(const torch::Tensor& tensor) {
  return tensor.detach().to(torch::kCPU).contiguous();
}

bool has_valid_bools(const torch::Tensor& tensor) {
  if (tensor.scalar_type() != torch::kBool) {
    return true;
  }
  const auto* bytes = static_cast<const unsigned char*>(tensor.const_data_ptr());
  return std::all_of(bytes, bytes + tensor.numel(), [](unsigned char byte) { return byte <= 1; });
}

}  // namespace sanas
