// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "files/byte_source.h"
#include "formats/torch/pickle_value.h"

namespace sanas {

/// Builds the values of the pickle in a state dict and executes nothing: a stack machine over the
/// opcodes that `torch.save` writes (protocols 2 and 3), with the globals that torch's own
/// weights-only reader allows and no others. Work and memory are bounded by the text and by
/// limits on values, stack and memo. Values may share parts or contain themselves, as in Python.
class Unpickler {
 public:
  /// `source` and `place` are where messages are said to come from. `pickle` and `source` must
  /// outlive the object.
  Unpickler(std::string_view pickle, const ByteSource& source, std::string place)
      : pickle_(pickle), source_(source), place_(std::move(place)) {}

  /// The value that the pickle stands for; the object owns it. Throws FileError for an opcode, a
  /// global or a tensor that is not allowed.
  const PickleValue& load();

  /// Bytes that the pickle has; what follows was not looked at.
  size_t size() const { return position_; }

  /// All values that it made on the way, in no order that matters.
  const std::deque<PickleValue>& values() const { return values_; }

 private:
  static constexpr size_t kMaxValues = 1U << 21U;

  std::string_view take(size_t count);
  std::string_view take_line();
  template <typename Number>
  Number take_number();
  void push_long();
  double take_float();

  /// Executes one opcode; false at the last one.
  bool step();
  bool step_constant(unsigned char opcode);
  bool step_container(unsigned char opcode);
  bool step_memo(unsigned char opcode);

  template <typename Data>
  void push(Data data) {
    if (values_.size() >= kMaxValues || stack_.size() >= kMaxValues) {
      fail("more than " + std::to_string(kMaxValues) + " values: no state dict");
    }
    values_.push_back(PickleValue{std::move(data)});
    stack_.push_back(&values_.back());
  }
  PickleValue* pop();
  /// Everything above the last mark.
  std::vector<const PickleValue*> pop_to_mark();
  void push_tuple(size_t count);
  void append(const std::vector<const PickleValue*>& items);
  void set_items(const std::vector<const PickleValue*>& items);

  void push_global();
  void push_storage();
  void reduce();
  void call(PickleGlobal function, const std::vector<const PickleValue*>& arguments);
  /// An OrderedDict as Python 2 wrote it: of a list of pairs.
  void push_dict_of(const PickleValue& pairs);
  void build();
  /// A tensor, or what stands for one of a kind that has no form here.
  void push_tensor(const std::vector<const PickleValue*>& arguments, const ElementType* type);
  std::vector<int64_t> dimensions(const PickleValue& value);
  [[noreturn]] void fail(const std::string& what) const;

  std::string_view pickle_;
  const ByteSource& source_;
  std::string place_;
  size_t position_ = 0;
  size_t calls_ = 0;
  std::deque<PickleValue> values_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint32_t, PickleValue*> memo_;
};

}  // namespace sanas
