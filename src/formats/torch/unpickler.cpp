// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/unpickler.h"

#include <bit>
#include <cstring>

namespace sanas {
namespace {

constexpr size_t kMaxGlobalName = 256;

/// Opcodes of pickle protocol 2 as far as torch.save uses them for tensors and plain containers,
/// and the texts of Python 2.
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
  kShortBinString = 'U',
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
  source_.fail(place_ + ", byte " + std::to_string(position_) + ": " + what);
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

/// LONG1: little-endian two's complement of any length. No state dict needs more than 64 bits.
void Unpickler::push_long() {
  const auto bytes = take(take_number<uint8_t>());
  if (bytes.size() > sizeof(int64_t)) {
    return push(PickleOpaque{.is_tensor = false});
  }
  const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
  int64_t number = negative ? -1 : 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  push(number);
}

/// BINFLOAT is the only big-endian number.
double Unpickler::take_float() {
  return std::bit_cast<double>(__builtin_bswap64(take_number<uint64_t>()));
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
      push_long();
      return true;
    case kBinFloat:
      push(take_float());
      return true;
    case kBinUnicode:
      push(std::string(take(take_number<uint32_t>())));
      return true;
    case kShortBinString:
      push(std::string(take(take_number<uint8_t>())));
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
      if (const auto protocol = take_number<uint8_t>(); protocol != 2 && protocol != 3) {
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
  if (stack_.size() != 1 || !marks_.empty()) {
    fail("the pickle ends in the middle of something");
  }
  return *stack_.back();
}

}  // namespace sanas
