// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "formats/element_types.h"

namespace sanas {

struct PickleValue;

/// A list or a tuple.
struct PickleList {
  std::vector<const PickleValue*> items;
};

/// A dict or an OrderedDict, in the order of insertion.
struct PickleDict {
  std::vector<std::pair<const PickleValue*, const PickleValue*>> items;
};

/// The functions and types that `torch.load` lets a file name by default. They are recognised,
/// never looked up.
enum class PickleGlobal {
  kOrderedDict,
  kSize,
  kRebuildTensor,
  kRebuildTensorV2,
  kRebuildTensorV3,
  kRebuildParameter,
  kRebuildFromType,
  kType,         ///< named as a value, or as the type of a tensor with attributes
  kOtherTensor,  ///< makes a tensor of a kind that has no form here
  kOtherValue,   ///< makes what no state dict needs: Counter, device, set, …
};

/// What may stand beside a state dict and has no form here. Its content is not kept.
struct PickleOpaque {
  bool is_tensor;  ///< sparse, quantized, complex, …
};

/// `torch.<X>Storage`, or `torch.storage.UntypedStorage` where `type` is null.
struct PickleStorageClass {
  const ElementType* type;
};

/// A dtype such as `torch.float32`.
struct PickleDtype {
  const ElementType* type;
};

/// The elements of one or several tensors, in the archive's member data/<key>. Files before torch
/// 1.6 may have views: `view_elements` of them from `view_begin` on.
struct PickleStorage {
  const ElementType* type;  ///< null: untyped, all numbers count bytes
  std::string key;
  int64_t elements;
  int64_t view_begin;
  int64_t view_elements;
};

/// A tensor that lies inside its storage; offset (from the storage's beginning, not the view's) and
/// strides count elements of `type`.
struct PickleTensor {
  PickleStorage storage;
  const ElementType* type;
  int64_t offset;
  std::vector<int64_t> sizes;
  std::vector<int64_t> strides;
};

struct PickleValue {
  std::variant<std::monostate, bool, int64_t, double, std::string, PickleList, PickleDict,
               PickleGlobal, PickleStorageClass, PickleDtype, PickleStorage, PickleTensor,
               PickleOpaque>
      data;

  /// The value if it is of that type, or null.
  template <typename Type>
  const Type* as() const {
    return std::get_if<Type>(&data);
  }
};

/// What the global of that name stands for if `torch.load` allows it by default, or nothing.
std::optional<PickleValue> allowed_global(std::string_view module, std::string_view name);

/// Whether a tensor with these sizes and strides (all ≥ 0, equally many) stays inside a storage of
/// `elements` and has no more elements than that.
bool lies_inside(const PickleTensor& tensor, int64_t elements);

}  // namespace sanas
