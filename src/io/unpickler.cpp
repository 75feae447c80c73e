// SPDX-License-Identifier: Apache-2.0
#include "unpickler.h"

#include <bit>
#include <cstring>

namespace sanas {
namespace {

constexpr size_t kMaxValues = 1U << 21U;
// A call makes a value of some kilobyte out of a few bytes.
constexpr size_t kMaxCalls = 1U << 18U;
constexpr size_t kMaxGlobalName = 256;
// torch.save numbers them. Every tensor has a copy.
constexpr size_t kMaxStorageKey = 256;
// LibTorch's own kernels stop at 64 dimensions.
constexpr size_t kMaxRank = 64;

/// Opcodes of pickle protocol 2 as far as torch.save uses them for tensors and plain containers.
enum Opcode : unsigned char {
  kMark = '(',
  kStop = '.',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyTuple = ')',
  kEmptyList = ']',
  kEmptyDict = '}',
  kProto = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
};

}  // namespace

void Unpickler::fail(const std::string& what) const {
  source_.fail("data.pkl, byte " + std::to_string(position_) + ": " + what);
}

std::string_view Unpickler::take(size_t count) {
  if (count > pickle_.size() - position_) {
    fail("the pickle is cut");
  }
  const auto bytes = pickle_.substr(position_, count);
  position_ += count;
  return bytes;
}

std::string_view Unpickler::take_line() {
  const size_t length = pickle_.substr(position_, kMaxGlobalName + 1).find('\n');
  if (length == std::string_view::npos) {
    fail("the name of a global does not end");
  }
  return take(length + 1).substr(0, length);
}

template <typename Number>
Number Unpickler::take_number() {
  Number number;
  std::memcpy(&number, take(sizeof(number)).data(), sizeof(number));
  return number;
}

/// LONG1: little-endian two's complement of any length.
int64_t Unpickler::take_long() {
  const auto bytes = take(take_number<uint8_t>());
  if (bytes.size() > sizeof(int64_t)) {
    fail("an integer has more than 64 bits");
  }
  const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
  int64_t number = negative ? -1 : 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return number;
}

/// BINFLOAT is the only big-endian number.
double Unpickler::take_float() {
  return std::bit_cast<double>(__builtin_bswap64(take_number<uint64_t>()));
}

template <typename Data>
void Unpickler::push(Data data) {
  if (values_.size() >= kMaxValues || stack_.size() >= kMaxValues) {
    fail("more than " + std::to_string(kMaxValues) + " values: no state dict");
  }
  values_.push_back(PickleValue{std::move(data)});
  stack_.push_back(&values_.back());
}

PickleValue* Unpickler::pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) {
    fail("the pickle is damaged: its stack is empty");
  }
  auto* value = stack_.back();
  stack_.pop_back();
  return value;
}

std::vector<const PickleValue*> Unpickler::pop_to_mark() {
  if (marks_.empty()) {
    fail("the pickle is damaged: a mark is missing");
  }
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<const PickleValue*> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

void Unpickler::push_tuple(size_t count) {
  std::vector<const PickleValue*> items(count);
  for (size_t i = count; i-- > 0;) {
    items[i] = pop();
  }
  push(PickleList{std::move(items)});
}

void Unpickler::append(const std::vector<const PickleValue*>& items) {
  auto* list = pop();
  stack_.push_back(list);
  auto* target = std::get_if<PickleList>(&list->data);
  if (target == nullptr) {
    fail("something is appended to what is no list");
  }
  target->items.insert(target->items.end(), items.begin(), items.end());
}

void Unpickler::set_items(const std::vector<const PickleValue*>& items) {
  auto* dict = pop();
  stack_.push_back(dict);
  auto* target = std::get_if<PickleDict>(&dict->data);
  if (target == nullptr || items.size() % 2 != 0) {
    fail("items are set in what is no dictionary");
  }
  for (size_t i = 0; i < items.size(); i += 2) {
    target->items.emplace_back(items[i], items[i + 1]);
  }
}

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

/// A persistent id is ("storage", storage class, key, location, elements). The location says on
/// which device the tensor was, and is ignored.
void Unpickler::push_storage() {
  const auto* id = pop()->as<PickleList>();
  if (id == nullptr || id->items.size() != 5) {
    fail("a persistent id that is no storage");
  }
  const auto* kind = id->items[0]->as<std::string>();
  const auto* type = id->items[1]->as<PickleStorageClass>();
  const auto* key = id->items[2]->as<std::string>();
  const auto* elements = id->items[4]->as<int64_t>();
  if (kind == nullptr || *kind != "storage" || type == nullptr || key == nullptr ||
      elements == nullptr || *elements < 0 || key->size() > kMaxStorageKey) {
    fail("a persistent id that is no storage");
  }
  push(PickleStorage{type->type, *key, *elements});
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

/// Arguments: storage, offset, sizes, strides, requires_grad, hooks, and others that are ignored.
/// `type` is null where the storage says it.
PickleTensor Unpickler::rebuild_tensor(const std::vector<const PickleValue*>& arguments,
                                       const ElementType* type) {
  const auto* storage = arguments.size() >= 6 ? arguments[0]->as<PickleStorage>() : nullptr;
  const auto* offset = arguments.size() >= 6 ? arguments[1]->as<int64_t>() : nullptr;
  if (storage == nullptr || offset == nullptr || *offset < 0 ||
      (type == nullptr) == (storage->type == nullptr)) {
    fail("a tensor has no proper storage");
  }
  type = type == nullptr ? storage->type : type;
  PickleTensor tensor{*storage, type, *offset, dimensions(*arguments[2]),
                      dimensions(*arguments[3])};
  const auto bytes = static_cast<int64_t>(type->bytes());
  const int64_t elements = storage->type == nullptr ? storage->elements / bytes : storage->elements;
  if (tensor.sizes.size() != tensor.strides.size() || !lies_inside(tensor, elements)) {
    fail("a tensor is larger than its storage " + in_quotes(storage->key) +
         " (an expanded tensor must be made contiguous before it is saved)");
  }
  return tensor;
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
  const auto& items = arguments->items;
  switch (*function) {
    case PickleGlobal::kOrderedDict:
      if (items.empty()) {
        return push(PickleDict{});
      }
      break;
    case PickleGlobal::kSize:
      if (items.size() == 1) {
        dimensions(*items[0]);
        return push(*items[0]->as<PickleList>());
      }
      break;
    case PickleGlobal::kRebuildTensorV2:
      return push(rebuild_tensor(items, nullptr));
    case PickleGlobal::kRebuildTensorV3:
      // torch.save uses this version for types without a storage class, and for no others.
      if (items.size() >= 7 && items[6]->as<PickleDtype>() != nullptr &&
          items[6]->as<PickleDtype>()->type->storage.empty()) {
        return push(rebuild_tensor(items, items[6]->as<PickleDtype>()->type));
      }
      break;
    case PickleGlobal::kRebuildParameter:
      if (!items.empty() && items[0]->as<PickleTensor>() != nullptr) {
        return push(*items[0]->as<PickleTensor>());
      }
      break;
  }
  fail("a call with arguments that torch.save does not write");
}

/// Attributes of an object. A state dict keeps the versions of its modules there: ignored.
void Unpickler::build() {
  pop();
  auto* target = pop();
  if (target->as<PickleDict>() == nullptr) {
    fail("attributes are set on what is no OrderedDict");
  }
  stack_.push_back(target);
}

bool Unpickler::step_constant(unsigned char opcode) {
  switch (opcode) {
    case kNone:
      push(std::monostate{});
      return true;
    case kNewTrue:
      push(true);
      return true;
    case kNewFalse:
      push(false);
      return true;
    case kBinInt:
      push(static_cast<int64_t>(take_number<int32_t>()));
      return true;
    case kBinInt1:
      push(static_cast<int64_t>(take_number<uint8_t>()));
      return true;
    case kBinInt2:
      push(static_cast<int64_t>(take_number<uint16_t>()));
      return true;
    case kLong1:
      push(take_long());
      return true;
    case kBinFloat:
      push(take_float());
      return true;
    case kBinUnicode:
      push(std::string(take(take_number<uint32_t>())));
      return true;
    default:
      return false;
  }
}

bool Unpickler::step_container(unsigned char opcode) {
  switch (opcode) {
    case kEmptyTuple:
    case kEmptyList:
      push(PickleList{});
      return true;
    case kEmptyDict:
      push(PickleDict{});
      return true;
    case kTuple:
      push(PickleList{pop_to_mark()});
      return true;
    case kTuple1:
    case kTuple2:
    case kTuple3:
      push_tuple(opcode - kTuple1 + 1U);
      return true;
    case kAppend:
      append({pop()});
      return true;
    case kAppends:
      append(pop_to_mark());
      return true;
    case kSetItem: {
      const auto* value = pop();
      set_items({pop(), value});
      return true;
    }
    case kSetItems:
      set_items(pop_to_mark());
      return true;
    default:
      return false;
  }
}

bool Unpickler::step_memo(unsigned char opcode) {
  const bool wide = opcode == kLongBinGet || opcode == kLongBinPut;
  if (!wide && opcode != kBinGet && opcode != kBinPut) {
    return false;
  }
  const uint32_t slot = wide ? take_number<uint32_t>() : take_number<uint8_t>();
  if (opcode == kBinPut || opcode == kLongBinPut) {
    auto* value = pop();
    stack_.push_back(value);
    memo_[slot] = value;
    if (memo_.size() > kMaxValues) {
      fail("the pickle remembers too many values: no state dict");
    }
    return true;
  }
  const auto found = memo_.find(slot);
  if (found == memo_.end() || stack_.size() >= kMaxValues) {
    fail("the pickle refers to a value that it does not have, or too often");
  }
  stack_.push_back(found->second);
  return true;
}

bool Unpickler::step() {
  const auto opcode = take_number<unsigned char>();
  switch (opcode) {
    case kProto:
      if (take_number<uint8_t>() != 2) {
        fail("the pickle is not of protocol 2, torch.save's default");
      }
      return true;
    case kMark:
      if (marks_.size() >= kMaxValues) {
        fail("the pickle has too many marks: no state dict");
      }
      marks_.push_back(stack_.size());
      return true;
    case kGlobal:
      push_global();
      return true;
    case kBinPersId:
      push_storage();
      return true;
    case kReduce:
      reduce();
      return true;
    case kBuild:
      build();
      return true;
    case kStop:
      return false;
    default:
      if (!step_constant(opcode) && !step_container(opcode) && !step_memo(opcode)) {
        fail("opcode " + std::to_string(opcode) + " has no place in a state dict");
      }
      return true;
  }
}

const PickleValue& Unpickler::load() {
  while (step()) {
  }
  if (stack_.size() != 1 || !marks_.empty() || position_ != pickle_.size()) {
    fail("the pickle ends in the middle of something");
  }
  return *stack_.back();
}

}  // namespace sanas
