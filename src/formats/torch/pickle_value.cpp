// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/pickle_value.h"

#include <algorithm>
#include <array>

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

struct NamedGlobal {
  std::string_view module;
  std::string_view name;
  PickleGlobal global;
};

// The list of torch/_weights_only_unpickler.py (torch 2.11) without storages and dtypes. Protocol 2
// calls the module of the built-in types as Python 2 does.
constexpr std::array<NamedGlobal, 24> kGlobals{{
    {"collections", "OrderedDict", PickleGlobal::kOrderedDict},
    {"collections", "Counter", PickleGlobal::kOtherValue},
    {"torch", "Size", PickleGlobal::kSize},
    {"torch", "device", PickleGlobal::kOtherValue},
    {"torch", "Tensor", PickleGlobal::kType},
    {"torch.nn.parameter", "Parameter", PickleGlobal::kType},
    {"torch.serialization", "_get_layout", PickleGlobal::kOtherValue},
    {"torch._utils", "_rebuild_tensor", PickleGlobal::kRebuildTensor},
    {"torch._utils", "_rebuild_tensor_v2", PickleGlobal::kRebuildTensorV2},
    {"torch._utils", "_rebuild_tensor_v3", PickleGlobal::kRebuildTensorV3},
    {"torch._utils", "_rebuild_parameter", PickleGlobal::kRebuildParameter},
    {"torch._utils", "_rebuild_parameter_with_state", PickleGlobal::kRebuildParameter},
    {"torch._utils", "_rebuild_qtensor", PickleGlobal::kOtherTensor},
    {"torch._utils", "_rebuild_sparse_tensor", PickleGlobal::kOtherTensor},
    {"torch._utils", "_rebuild_meta_tensor_no_storage", PickleGlobal::kOtherTensor},
    {"torch._utils", "_rebuild_nested_tensor", PickleGlobal::kOtherTensor},
    {"torch._utils", "_rebuild_wrapper_subclass", PickleGlobal::kOtherTensor},
    {"torch._utils", "_rebuild_device_tensor_from_numpy", PickleGlobal::kOtherTensor},
    {"torch._utils", "_rebuild_device_tensor_from_cpu_tensor", PickleGlobal::kOtherTensor},
    {"torch._tensor", "_rebuild_from_type_v2", PickleGlobal::kRebuildFromType},
    {"_codecs", "encode", PickleGlobal::kOtherValue},
    {"builtins", "bytearray", PickleGlobal::kOtherValue},
    {"builtins", "complex", PickleGlobal::kOtherValue},
    {"builtins", "set", PickleGlobal::kOtherValue},
}};

template <size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What else is allowed of module torch: storages, dtypes and other constants that have no form
/// here, and the tensor types of before torch 0.4.
std::optional<PickleValue> other_torch_global(std::string_view module, std::string_view name) {
  static constexpr std::array<std::string_view, 7> kStorages{
      "ComplexFloatStorage", "ComplexDoubleStorage", "QInt8Storage",   "QUInt8Storage",
      "QInt32Storage",       "QUInt4x2Storage",      "QUInt2x4Storage"};
  static constexpr std::array<std::string_view, 17> kConstants{"complex32",
                                                               "complex64",
                                                               "complex128",
                                                               "qint8",
                                                               "quint8",
                                                               "qint32",
                                                               "quint4x2",
                                                               "quint2x4",
                                                               "float8_e4m3fnuz",
                                                               "float8_e5m2fnuz",
                                                               "float8_e8m0fnu",
                                                               "float4_e2m1fn_x2",
                                                               "per_tensor_affine",
                                                               "per_tensor_symmetric",
                                                               "per_channel_affine",
                                                               "per_channel_symmetric",
                                                               "per_channel_affine_float_qparams"};
  static constexpr std::array<std::string_view, 4> kTypeModules{
      "torch", "torch.cuda", "torch.sparse", "torch.cuda.sparse"};
  static constexpr std::array<std::string_view, 10> kTypes{
      "FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor", "LongTensor",
      "IntTensor",   "ShortTensor",  "CharTensor", "ByteTensor",     "BoolTensor"};
  if (module == "torch" && contains(kStorages, name)) {
    return PickleValue{PickleOpaque{.is_tensor = true}};
  }
  if (module == "torch" && contains(kConstants, name)) {
    return PickleValue{PickleOpaque{.is_tensor = false}};
  }
  if (contains(kTypeModules, module) && contains(kTypes, name)) {
    return PickleValue{PickleGlobal::kType};
  }
  return std::nullopt;
}

}  // namespace

std::optional<PickleValue> allowed_global(std::string_view module, std::string_view name) {
  if (module == "__builtin__") {
    module = "builtins";
  }
  for (const auto& known : kGlobals) {
    if (known.module == module && known.name == name) {
      return PickleValue{known.global};
    }
  }
  if (module == "torch.storage" && name == "UntypedStorage") {
    return PickleValue{PickleStorageClass{nullptr}};
  }
  if (module == "torch" && !name.empty()) {
    if (const auto* type = find_element_type(&ElementType::storage, name)) {
      return PickleValue{PickleStorageClass{type}};
    }
    if (const auto* type = find_element_type(&ElementType::torch, name)) {
      return PickleValue{PickleDtype{type}};
    }
  }
  return other_torch_global(module, name);
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
