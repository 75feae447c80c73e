// SPDX-License-Identifier: Apache-2.0
// What a pickle makes by calling functions: tensors, storages, and values that are not kept.
#include "core/utf8.h"
#include "formats/torch/unpickler.h"

namespace sanas {
namespace {

// A call makes a value of some kilobyte out of a few bytes.
constexpr size_t kMaxCalls = 1U << 18U;
// torch.save numbers them. Every tensor has a copy.
constexpr size_t kMaxStorageKey = 256;
// LibTorch's own kernels stop at 64 dimensions.
constexpr size_t kMaxRank = 64;

}  // namespace

void Unpickler::push_global() {
  const auto module = take_line();
  const auto name = take_line();
  auto global = allowed_global(module, name);
  if (!global) {
    fail("global " + in_quotes(std::string(module) + "." + std::string(name)) +
         " is not allowed: a state dict holds tensors and plain containers only");
  }
  push(std::move(global->data));
}

/// A persistent id is ("storage", storage class, key, location, elements), and before torch 1.6
/// also the view: None, or (key, first element, elements). The location says on which device the
/// tensor was, and is ignored.
void Unpickler::push_storage() {
  const auto* id = pop()->as<PickleList>();
  if (id == nullptr || (id->items.size() != 5 && id->items.size() != 6)) {
    fail("a persistent id that is no storage");
  }
  const auto* kind = id->items[0]->as<std::string>();
  const auto* type = id->items[1]->as<PickleStorageClass>();
  const auto* key = id->items[2]->as<std::string>();
  const auto* elements = id->items[4]->as<int64_t>();
  if (kind != nullptr && *kind == "storage" && id->items[1]->as<PickleOpaque>() != nullptr) {
    return push(PickleOpaque{.is_tensor = true});
  }
  if (kind == nullptr || *kind != "storage" || type == nullptr || key == nullptr ||
      elements == nullptr || *elements < 0 || key->size() > kMaxStorageKey) {
    fail("a persistent id that is no storage");
  }
  PickleStorage storage{type->type, *key, *elements, 0, *elements};
  if (id->items.size() == 6 && id->items[5]->as<std::monostate>() == nullptr) {
    const auto* view = id->items[5]->as<PickleList>();
    const auto* begin =
        view == nullptr || view->items.size() != 3 ? nullptr : view->items[1]->as<int64_t>();
    const auto* count = begin == nullptr ? nullptr : view->items[2]->as<int64_t>();
    if (count == nullptr || *begin < 0 || *count < 0 || *begin > *elements ||
        *count > *elements - *begin) {
      fail("a view that is not inside of its storage " + in_quotes(*key));
    }
    storage.view_begin = *begin;
    storage.view_elements = *count;
  }
  push(std::move(storage));
}

std::vector<int64_t> Unpickler::dimensions(const PickleValue& value) {
  const auto* list = value.as<PickleList>();
  if (list == nullptr || list->items.size() > kMaxRank) {
    fail("a tensor's sizes and strides must be up to " + std::to_string(kMaxRank) + " numbers");
  }
  std::vector<int64_t> result;
  for (const auto* item : list->items) {
    const auto* number = item->as<int64_t>();
    if (number == nullptr || *number < 0) {
      fail("a tensor has a size or a stride that is no number, or is negative");
    }
    result.push_back(*number);
  }
  return result;
}

/// Arguments: storage, offset, sizes, strides, and others that are ignored (requires_grad, hooks).
/// `type` is null where the storage says it.
void Unpickler::push_tensor(const std::vector<const PickleValue*>& arguments,
                            const ElementType* type) {
  if (arguments.size() >= 4 && arguments[0]->as<PickleOpaque>() != nullptr) {
    return push(PickleOpaque{.is_tensor = true});
  }
  const auto* storage = arguments.size() >= 4 ? arguments[0]->as<PickleStorage>() : nullptr;
  const auto* offset = arguments.size() >= 4 ? arguments[1]->as<int64_t>() : nullptr;
  if (storage == nullptr || offset == nullptr || *offset < 0 ||
      (type == nullptr) == (storage->type == nullptr)) {
    fail("a tensor has no proper storage");
  }
  type = type == nullptr ? storage->type : type;
  PickleTensor tensor{*storage, type, *offset, dimensions(*arguments[2]),
                      dimensions(*arguments[3])};
  // Untyped storages count bytes, tensors elements.
  const int64_t unit = storage->type == nullptr ? static_cast<int64_t>(type->bytes()) : 1;
  if (tensor.sizes.size() != tensor.strides.size() || storage->view_begin % unit != 0 ||
      !lies_inside(tensor, storage->view_elements / unit)) {
    fail("a tensor is larger than its storage " + in_quotes(storage->key) +
         " (an expanded tensor must be made contiguous before it is saved)");
  }
  tensor.offset += storage->view_begin / unit;
  push(std::move(tensor));
}

void Unpickler::push_dict_of(const PickleValue& pairs) {
  PickleDict dict;
  const auto* list = pairs.as<PickleList>();
  calls_ += list == nullptr ? 0 : list->items.size();  // each costs memory, as a call does
  if (list == nullptr || calls_ > kMaxCalls) {
    fail("a call with arguments that torch.save does not write");
  }
  for (const auto* item : list->items) {
    const auto* pair = item->as<PickleList>();
    if (pair == nullptr || pair->items.size() != 2) {
      fail("a call with arguments that torch.save does not write");
    }
    dict.items.emplace_back(pair->items[0], pair->items[1]);
  }
  push(std::move(dict));
}

void Unpickler::reduce() {
  const auto* arguments = pop()->as<PickleList>();
  const auto* function = pop()->as<PickleGlobal>();
  if (arguments == nullptr || function == nullptr) {
    fail("a call of what is no allowed function");
  }
  if (++calls_ > kMaxCalls) {
    fail("more than " + std::to_string(kMaxCalls) + " calls: no state dict");
  }
  call(*function, arguments->items);
}

void Unpickler::call(PickleGlobal function, const std::vector<const PickleValue*>& items) {
  switch (function) {
    case PickleGlobal::kOrderedDict:
      if (items.empty()) {
        return push(PickleDict{});
      }
      if (items.size() == 1) {
        return push_dict_of(*items[0]);
      }
      break;
    case PickleGlobal::kSize:
      if (items.size() == 1) {
        dimensions(*items[0]);
        return push(*items[0]->as<PickleList>());
      }
      break;
    case PickleGlobal::kRebuildTensor:
    case PickleGlobal::kRebuildTensorV2:
      return push_tensor(items, nullptr);
    case PickleGlobal::kRebuildTensorV3:
      if (items.size() >= 7 && items[6]->as<PickleOpaque>() != nullptr) {
        return push(PickleOpaque{.is_tensor = true});
      }
      // torch.save uses this version for types without a storage class, and for no others.
      if (items.size() >= 7 && items[6]->as<PickleDtype>() != nullptr &&
          items[6]->as<PickleDtype>()->type->storage.empty()) {
        return push_tensor(items, items[6]->as<PickleDtype>()->type);
      }
      break;
    case PickleGlobal::kRebuildParameter:
      if (!items.empty() && items[0]->as<PickleTensor>() != nullptr) {
        return push(*items[0]->as<PickleTensor>());
      }
      if (!items.empty() && items[0]->as<PickleOpaque>() != nullptr) {
        return push(*items[0]->as<PickleOpaque>());
      }
      break;
    case PickleGlobal::kRebuildFromType:  // function, type, arguments, attributes
      if (items.size() == 4 && items[0]->as<PickleGlobal>() != nullptr &&
          *items[0]->as<PickleGlobal>() != PickleGlobal::kRebuildFromType &&
          items[2]->as<PickleList>() != nullptr) {
        return call(*items[0]->as<PickleGlobal>(), items[2]->as<PickleList>()->items);
      }
      break;
    case PickleGlobal::kOtherValue:
      return push(PickleOpaque{.is_tensor = false});
    case PickleGlobal::kOtherTensor:
      return push(PickleOpaque{.is_tensor = true});
    case PickleGlobal::kType:
      break;
  }
  fail("a call with arguments that torch.save does not write");
}

/// Attributes of an object. A state dict keeps the versions of its modules there: ignored.
void Unpickler::build() {
  pop();
  auto* target = pop();
  if (target->as<PickleDict>() == nullptr && target->as<PickleOpaque>() == nullptr) {
    fail("attributes are set on what is no OrderedDict");
  }
  stack_.push_back(target);
}

}  // namespace sanas
