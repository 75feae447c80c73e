// SPDX-License-Identifier: Apache-2.0
#include "pickle_value.h"

#include <algorithm>

namespace sanas {
namespace {

/// a · b + c for numbers ≥ 0, or nothing if it does not fit.
std::optional<int64_t> multiply_add(int64_t a, int64_t b, int64_t c) {
  int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result) || __builtin_add_overflow(result, c, &result)) {
    return std::nullopt;
  }
  return result;
}

}  // namespace

std::optional<PickleValue> allowed_global(std::string_view module, std::string_view name) {
  if (module == "collections" && name == "OrderedDict") {
    return PickleValue{PickleGlobal::kOrderedDict};
  }
  if (module == "torch._utils" && name == "_rebuild_tensor_v2") {
    return PickleValue{PickleGlobal::kRebuildTensorV2};
  }
  if (module == "torch._utils" && name == "_rebuild_tensor_v3") {
    return PickleValue{PickleGlobal::kRebuildTensorV3};
  }
  if (module == "torch._utils" && name == "_rebuild_parameter") {
    return PickleValue{PickleGlobal::kRebuildParameter};
  }
  if (module == "torch.storage" && name == "UntypedStorage") {
    return PickleValue{PickleStorageClass{nullptr}};
  }
  if (module != "torch" || name.empty()) {
    return std::nullopt;
  }
  if (name == "Size") {
    return PickleValue{PickleGlobal::kSize};
  }
  if (const auto* type = find_element_type(&ElementType::storage, name)) {
    return PickleValue{PickleStorageClass{type}};
  }
  if (const auto* type = find_element_type(&ElementType::torch, name)) {
    return PickleValue{PickleDtype{type}};
  }
  return std::nullopt;
}

bool lies_inside(const PickleTensor& tensor, int64_t elements) {
  std::optional<int64_t> count = 1;  // with zeros as ones, as LibTorch computes strides
  std::optional<int64_t> last = tensor.offset;
  bool empty = false;
  for (size_t i = 0; i < tensor.sizes.size() && count && last; ++i) {
    const int64_t size = tensor.sizes[i];
    empty = empty || size == 0;
    count = multiply_add(*count, std::max<int64_t>(size, 1), 0);
    last = multiply_add(std::max<int64_t>(size, 1) - 1, tensor.strides[i], *last);
  }
  if (!count || !last || !multiply_add(*count, static_cast<int64_t>(tensor.type->bytes()), 0)) {
    return false;
  }
  return empty ? tensor.offset <= elements : *last < elements && *count <= elements;
}

}  // namespace sanas
