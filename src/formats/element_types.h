// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/ScalarType.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace sanas {

/// One element type in LibTorch, in safetensors, and in the pickles of `torch.save`: the name after
/// `torch.` of its dtype and of its storage class, which is empty for types newer than those
/// classes.
struct ElementType {
  c10::ScalarType scalar;
  std::string_view safetensors;
  std::string_view torch;
  std::string_view storage;

  uint64_t bytes() const { return c10::elementSize(scalar); }
};

/// In the order of the reference implementation of safetensors, whose writer sorts by it.
inline constexpr std::array<ElementType, 15> kElementTypes{{
    {c10::ScalarType::Bool, "BOOL", "bool", "BoolStorage"},
    {c10::ScalarType::Byte, "U8", "uint8", "ByteStorage"},
    {c10::ScalarType::Char, "I8", "int8", "CharStorage"},
    {c10::ScalarType::Float8_e5m2, "F8_E5M2", "float8_e5m2", ""},
    {c10::ScalarType::Float8_e4m3fn, "F8_E4M3", "float8_e4m3fn", ""},
    {c10::ScalarType::Short, "I16", "int16", "ShortStorage"},
    {c10::ScalarType::UInt16, "U16", "uint16", ""},
    {c10::ScalarType::Half, "F16", "float16", "HalfStorage"},
    {c10::ScalarType::BFloat16, "BF16", "bfloat16", "BFloat16Storage"},
    {c10::ScalarType::Int, "I32", "int32", "IntStorage"},
    {c10::ScalarType::UInt32, "U32", "uint32", ""},
    {c10::ScalarType::Float, "F32", "float32", "FloatStorage"},
    {c10::ScalarType::Double, "F64", "float64", "DoubleStorage"},
    {c10::ScalarType::Long, "I64", "int64", "LongStorage"},
    {c10::ScalarType::UInt64, "U64", "uint64", ""},
}};

/// The row whose `field` is `value`, or null.
template <typename Value>
const ElementType* find_element_type(Value ElementType::*field, Value value) {
  for (const auto& type : kElementTypes) {
    if (type.*field == value) {
      return &type;
    }
  }
  return nullptr;
}

}  // namespace sanas
