// SPDX-License-Identifier: Apache-2.0
// Files of torch.save, made by hand piece by piece.
#pragma once

#include <caffe2/serialize/inline_container.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sanas/formats/torch_state_dict.h"
#include "support/temporary_folder.h"

namespace sanas::pickle {

/// An archive as LibTorch's own writer makes it.
inline std::string archive(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string bytes;
  caffe2::serialize::PyTorchStreamWriter writer([&](const void* data, size_t count) {
    bytes.append(static_cast<const char*>(data), count);
    return count;
  });
  for (const auto& [name, content] : members) {
    writer.writeRecord(name, content.data(), content.size());
  }
  writer.writeEndOfFile();
  return bytes;
}

inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

inline std::string text(const std::string& value) {
  const auto size = static_cast<uint32_t>(value.size());
  return "X" + std::string(reinterpret_cast<const char*>(&size), 4) + value;
}

inline std::string number(int value) {
  return "J" + std::string(reinterpret_cast<const char*>(&value), 4);
}

inline std::string tuple(const std::vector<int>& values) {
  std::string result = "(";
  for (const int value : values) {
    result += number(value);
  }
  return result + "t";
}

/// A float tensor of storage "0", which is said to have `elements`.
inline std::string tensor(int elements, int offset, const std::vector<int>& sizes,
                          const std::vector<int>& strides,
                          const std::string& storage = "FloatStorage") {
  return global("torch._utils", "_rebuild_tensor_v2") + "((" + text("storage") +
         global("torch", storage) + text("0") + text("cpu") + number(elements) + "tQ" +
         number(offset) + tuple(sizes) + tuple(strides) + "\x89" +
         global("collections", "OrderedDict") + ")RtR";
}

/// {key: value} in pickle.
inline std::string dict(const std::string& key, const std::string& value) {
  return "}" + text(key) + value + "s";
}

inline NamedTensors parse(const std::string& pickle, size_t bytes = 24) {
  std::string data;
  for (size_t i = 0; i < bytes / 4; ++i) {
    const auto element = static_cast<float>(i);
    data.append(reinterpret_cast<const char*>(&element), 4);
  }
  return parse_torch_state_dict(archive({{"data.pkl", "\x80\x02" + pickle}, {"data/0", data}}),
                                "f");
}

inline std::string error_of(const std::string& pickle, size_t bytes = 24) {
  return test::file_error([&] { parse(pickle, bytes); });
}

inline NamedTensors example() {
  NamedTensors example;
  example.tensors.insert("stem.0.weight", torch::arange(6, torch::kFloat).view({2, 3}));
  example.tensors.insert("alphas", torch::arange(300, torch::kDouble) / 4);
  example.tensors.insert("bn.num_batches_tracked", torch::tensor(int64_t{-7}));
  example.tensors.insert("empty", torch::empty({0, 4}, torch::kHalf));
  example.tensors.insert("mask", torch::tensor({true, false, true}));
  example.tensors.insert("transposed", torch::arange(6, torch::kInt).view({2, 3}).t());
  example.tensors.insert("eight", torch::arange(3, torch::kByte).view(torch::kFloat8_e5m2));
  example.tensors.insert("unsigned", torch::arange(4, torch::kByte).view(torch::kUInt16));
  return example;
}

inline void expect_equal(const NamedTensors& actual, const NamedTensors& expected) {
  EXPECT_EQ(actual.tensors.keys(), expected.tensors.keys());
  for (const auto& item : expected.tensors) {
    const auto& tensor = actual.tensors[item.key()];
    EXPECT_EQ(tensor.scalar_type(), item.value().scalar_type()) << item.key();
    EXPECT_EQ(tensor.sizes(), item.value().sizes()) << item.key();
    EXPECT_TRUE(torch::equal(tensor.flatten().contiguous().view(torch::kByte),
                             item.value().flatten().contiguous().view(torch::kByte)))
        << item.key();
  }
}

inline std::string long_number(int64_t value) {
  return std::string(reinterpret_cast<const char*>(&value), 8);
}

/// A file of before torch 1.6 around the object's pickle, with one storage of floats 0, 1, ….
inline std::string legacy(const std::string& object, int64_t elements = 6,
                          bool little_endian = true,
                          const std::string& keys = "]" + text("0") + "a") {
  std::string bytes("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  bytes += "\x80\x02M\xe9\x03.";
  bytes += "\x80\x02" + dict("little_endian", little_endian ? "\x88" : "\x89") + ".";
  bytes += "\x80\x02" + object + ".\x80\x02" + keys + ".";
  bytes += long_number(elements);
  for (int i = 0; i < 6; ++i) {
    const auto element = static_cast<float>(i);
    bytes.append(reinterpret_cast<const char*>(&element), 4);
  }
  return bytes;
}

/// A tensor of the view [begin, begin + count) of storage "0", as torch 0.3 under Python 2 wrote
/// it.
inline std::string tensor_of_view(int begin, int count, int offset, int size) {
  const std::string storage = "U\x07storage";
  return global("torch._utils", "_rebuild_tensor") + "((" + storage +
         global("torch", "FloatStorage") + text("0") + "U\x03" + "cpu" + number(6) + "(U\x01v" +
         number(begin) + number(count) + "ttQ" + number(offset) + tuple({size}) + tuple({1}) + "tR";
}

}  // namespace sanas::pickle
