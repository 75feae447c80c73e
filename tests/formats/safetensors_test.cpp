// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "sanas/files/atomic_file.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::file_error;
using test::TemporaryFolder;
using testing::HasSubstr;

/// The file format by hand: length, header, data.
std::string file_bytes(const std::string& header, const std::string& data = "") {
  const uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + header + data;
}

std::string error_of(const std::string& header, const std::string& data = "") {
  return file_error([&] { parse_safetensors(file_bytes(header, data), "f"); });
}

NamedTensors example() {
  NamedTensors example;
  example.tensors.insert("w", torch::arange(6, torch::kFloat).view({2, 3}));
  example.tensors.insert("alphas", torch::arange(3, torch::kDouble) / 4);
  example.tensors.insert("count", torch::tensor(int64_t{-7}));
  example.tensors.insert("empty", torch::empty({0, 4}, torch::kHalf));
  example.tensors.insert("mask", torch::tensor({true, false, true}));
  example.tensors.insert("b\"\n\xc3\xa4", torch::tensor({1, 2}, torch::kShort));
  example.metadata["format"] = "pt";
  return example;
}

TEST(Safetensors, ReadsBytesWrittenByHand) {
  // The unit test of the reference implementation (tensor.rs) for an empty file.
  EXPECT_EQ(parse_safetensors(std::string("\x08\0\0\0\0\0\0\0{}      ", 16)).tensors.size(), 0U);
  const auto read =
      parse_safetensors(file_bytes(R"({"b":{"dtype":"I16","shape":[],"data_offsets":[4,6]},)"
                                   R"("__metadata__":{"k":"v"},)"
                                   R"("a":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]}}  )",
                                   std::string("\x01\x02\x03\xff\xfe\xff", 6)));
  ASSERT_EQ(read.tensors.keys(), (std::vector<std::string>{"a", "b"}));  // by data
  EXPECT_TRUE(
      torch::equal(read.tensors["a"], torch::tensor({1, 2, 3, 255}, torch::kByte).view({2, 2})));
  EXPECT_EQ(read.tensors["b"].item<int>(), -2);
  EXPECT_EQ(read.metadata.at("k"), "v");
}

TEST(Safetensors, EmptySetIsTheReferencesBytes) {
  NamedTensors empty;
  EXPECT_EQ(serialize_safetensors(empty), std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
}

TEST(Safetensors, WriterSortsByTypeThenNameAndPadsTheHeader) {
  NamedTensors tensors;
  tensors.tensors.insert("z", torch::zeros({1}, torch::kByte));
  tensors.tensors.insert("b", torch::zeros({2}, torch::kFloat));
  tensors.tensors.insert("a", torch::zeros({1}, torch::kFloat));
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                             R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},)"
                             R"("z":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(serialize_safetensors(tensors), file_bytes(padded, std::string(13, '\0')));
}

TEST(Safetensors, EveryElementTypeComesBackBitForBit) {
  const auto bits = torch::arange(0, 64, torch::kByte);
  NamedTensors tensors;
  for (const auto type :
       {torch::kByte, torch::kChar, torch::kShort, torch::kInt, torch::kLong, torch::kHalf,
        torch::kBFloat16, torch::kFloat, torch::kDouble, torch::kUInt16, torch::kUInt32,
        torch::kUInt64, torch::kFloat8_e5m2, torch::kFloat8_e4m3fn}) {
    tensors.tensors.insert(c10::toString(type), bits.view(type));
  }
  const auto read = parse_safetensors(serialize_safetensors(tensors));
  ASSERT_EQ(read.tensors.size(), 14U);
  for (const auto& item : tensors.tensors) {
    const auto& back = read.tensors[item.key()];
    EXPECT_EQ(back.scalar_type(), item.value().scalar_type());
    EXPECT_TRUE(torch::equal(back.view(torch::kByte), bits)) << item.key();
  }
}

TEST(Safetensors, StridedAndSharedTensorsAreWrittenPacked) {
  const auto base = torch::arange(6, torch::kFloat).view({2, 3});
  NamedTensors tensors;
  tensors.tensors.insert("transposed", base.t());
  tensors.tensors.insert("row", base[1]);
  tensors.tensors.insert("expanded", base[0].expand({2, 3}));
  tensors.tensors.insert("leaf", base.clone().requires_grad_());
  const auto read = parse_safetensors(serialize_safetensors(tensors));
  for (const auto& item : tensors.tensors) {
    EXPECT_TRUE(torch::equal(read.tensors[item.key()], item.value())) << item.key();
  }
  EXPECT_EQ(read.tensors["transposed"].sizes(), (torch::IntArrayRef{3, 2}));
  EXPECT_FALSE(read.tensors["leaf"].requires_grad());
}

TEST(Safetensors, PythonReadsOursAndWritesTheSameBytes) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no .venv with Python's safetensors";
  }
  const TemporaryFolder folder;
  write_safetensors(folder / "ours.safetensors", example());
  ASSERT_TRUE(test::run_python(folder.path(), R"(
import torch, safetensors, safetensors.torch
t = safetensors.torch.load_file("ours.safetensors")
expected = {
    "w": torch.arange(6, dtype=torch.float32).view(2, 3),
    "alphas": torch.arange(3, dtype=torch.float64) / 4,
    "count": torch.tensor(-7),
    "empty": torch.empty(0, 4, dtype=torch.float16),
    "mask": torch.tensor([True, False, True]),
    'b"\nä': torch.tensor([1, 2], dtype=torch.int16),
}
assert t.keys() == expected.keys(), t.keys()
for k, v in expected.items():
    assert t[k].dtype == v.dtype and torch.equal(t[k], v), k
assert safetensors.safe_open("ours.safetensors", "pt").metadata() == {"format": "pt"}
safetensors.torch.save_file(expected, "theirs.safetensors", metadata={"format": "pt"})
types = [torch.bool, torch.uint8, torch.int8, torch.float8_e5m2, torch.float8_e4m3fn, torch.int16,
         torch.uint16, torch.float16, torch.bfloat16, torch.int32, torch.uint32, torch.float32,
         torch.float64, torch.int64, torch.uint64]
safetensors.torch.save_file(
    {f"{i}{k}": torch.zeros(i % 4, 3, dtype=d) for i, d in enumerate(types) for k in "ab"},
    "types.safetensors")
)"));
  EXPECT_EQ(test::content_of(folder / "ours.safetensors"),
            test::content_of(folder / "theirs.safetensors"));
  const auto read = read_safetensors(folder / "theirs.safetensors");
  for (const auto& item : example().tensors) {
    EXPECT_TRUE(torch::equal(read.tensors[item.key()], item.value())) << item.key();
  }
  // All element types in the reference's order.
  const auto types = read_safetensors(folder / "types.safetensors");
  EXPECT_EQ(types.tensors.size(), 30U);
  EXPECT_EQ(serialize_safetensors(types), test::content_of(folder / "types.safetensors"));
}

TEST(Safetensors, RefusesSizesBeyondTheFileBeforeTakingMemory) {
  const auto parse = [](const std::string& bytes) {
    return file_error([&] { parse_safetensors(bytes, "f"); });
  };
  EXPECT_THAT(parse(""), HasSubstr("f: is truncated"));
  EXPECT_THAT(parse(std::string(8, '\xff')), HasSubstr("more than the file"));
  EXPECT_THAT(parse(std::string("\x09\0\0\0\0\0\0\0{}      ", 16)),
              HasSubstr("more than the file"));
  EXPECT_THAT(
      error_of(R"({"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}})"),
      HasSubstr("truncated"));
  EXPECT_THAT(
      error_of(R"({"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,0]}})"),
      HasSubstr("'a' has a shape too large"));
  EXPECT_THAT(
      error_of(R"({"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}})"),
      HasSubstr("'a' has a shape too large"));
  EXPECT_THAT(
      error_of(R"({"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,0]}})"),
      HasSubstr("too large"));
}

TEST(Safetensors, RefusesHolesOverlapsAndTails) {
  const std::string a = R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
  EXPECT_THAT(error_of("{" + a + "}", "xyz"), HasSubstr("something is appended"));
  EXPECT_THAT(error_of("{" + a + "}", "x"), HasSubstr("truncated"));
  EXPECT_THAT(
      error_of("{" + a + R"(,"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}})", "wxyz"),
      HasSubstr("'b' begins at data byte 3 where 2 is right"));
  EXPECT_THAT(error_of("{" + a + R"(,"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", "xyz"),
              HasSubstr("'b' begins at data byte 1 where 2 is right"));
  EXPECT_THAT(error_of(R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", "xyz"),
              HasSubstr("begins at data byte 1"));
  EXPECT_THAT(error_of(R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}})", "xy"),
              HasSubstr("needs 2 bytes"));
}

TEST(Safetensors, RefusesWhatTheHeaderMustNotHold) {
  const std::string good = R"({"dtype":"U8","shape":[],"data_offsets":[0,1]})";
  EXPECT_THAT(error_of(R"( {"a":)" + good + "}", "x"), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(error_of(R"({"a":)" + good + R"(,"a":)" + good + "}", "x"),
              HasSubstr("the key 'a' twice"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}})", "x"),
              HasSubstr("the key 'dtype' twice"));
  EXPECT_THAT(error_of(R"({"__metadata__":{"k":"1","k":"2"}})"), HasSubstr("the key 'k' twice"));
  EXPECT_THAT(error_of(R"({"__metadata__":{"k":1}})"), HasSubstr("a number where none belongs"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"F4","shape":[],"data_offsets":[0,1]}})", "x"),
              HasSubstr("the element type 'F4', which is not supported"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", "x"),
              HasSubstr("a negative number"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", "x"),
              HasSubstr("a fraction"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})", "x"),
              HasSubstr("a list where none belongs"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","shape":[]}})", "x"),
              HasSubstr("needs dtype, shape and data_offsets"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"x":1}})", "x"),
              HasSubstr("unknown field 'x'"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}})", "\x02"),
              HasSubstr("BOOL bytes other than 0 and 1"));
  EXPECT_THAT(error_of("{\"\xff\":" + good + "}", "x"), HasSubstr("no valid UTF-8 JSON at byte"));
  EXPECT_THAT(error_of("{} {}"), HasSubstr("no valid UTF-8 JSON"));
  std::string rank = "1";
  for (int i = 0; i < 64; ++i) {
    rank += ",1";
  }
  EXPECT_THAT(
      error_of(R"({"a":{"dtype":"U8","shape":[)" + rank + R"(],"data_offsets":[0,1]}})", "x"),
      HasSubstr("more than 64"));
}

TEST(Safetensors, DeepNestingAndControlCharactersEndInOneLine) {
  EXPECT_THAT(error_of(R"({"a":)" + std::string(100000, '[')), HasSubstr("a list where none"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"\n\u001b[31m","shape":[],"data_offsets":[0,1]}})"),
              HasSubstr("'??[31m'"));
}

TEST(Safetensors, TruncationsAndFlippedBytesNeverCrash) {
  test::damage(serialize_safetensors(example()),
               [](const std::string& bytes) { parse_safetensors(bytes); });
}

TEST(Safetensors, AChecksumThatWasAskedForIsCompared) {
  NamedTensors tensors;
  tensors.tensors.insert("a", torch::tensor({1.F, 2.F}));
  request_checksum(tensors);
  const std::string bytes = serialize_safetensors(tensors);
  // Python's zlib.crc32 of the header's length, the header with zeros for digits, and the data.
  EXPECT_THAT(bytes, HasSubstr(R"({"__metadata__":{"sanas.checksum":"crc32:7fc84155"},"a":)"));
  EXPECT_TRUE(has_checksum(parse_safetensors(bytes)));
  for (const size_t at : {bytes.size() - 1, bytes.find("F32") + 1, bytes.find("crc32:") + 6}) {
    std::string changed = bytes;
    changed[at] = changed[at] == '3' ? '1' : '3';
    EXPECT_THAT(file_error([&] { parse_safetensors(changed, "f"); }), HasSubstr("f: ")) << at;
  }
  std::string data = bytes;
  data.back() ^= 1;
  EXPECT_EQ(file_error([&] { parse_safetensors(data, "f"); }),
            "f: is damaged: its checksum is wrong");
}

TEST(Safetensors, RefusesWhatItCannotWrite) {
  NamedTensors tensors;
  tensors.tensors.insert("c", torch::zeros({1}, torch::kComplexFloat));
  EXPECT_THAT(file_error([&] { serialize_safetensors(tensors); }),
              HasSubstr("tensor 'c': a ComplexFloat tensor can't be saved"));
  NamedTensors reserved;
  reserved.tensors.insert("__metadata__", torch::zeros({1}));
  EXPECT_THAT(file_error([&] { serialize_safetensors(reserved); }), HasSubstr("__metadata__"));
  NamedTensors name;
  name.tensors.insert("\xff", torch::zeros({1}));
  EXPECT_THAT(file_error([&] { serialize_safetensors(name); }), HasSubstr("no valid UTF-8"));
}

TEST(Safetensors, MissingFilesAndFoldersAreNamed) {
  const TemporaryFolder folder;
  EXPECT_THAT(file_error([&] { read_safetensors(folder / "no"); }),
              HasSubstr("no: can't be opened: No such file or directory"));
  EXPECT_THAT(file_error([&] { read_safetensors(folder.path()); }),
              HasSubstr("is not a regular file"));
  EXPECT_THAT(file_error([&] { read_safetensors("/dev/zero"); }),
              HasSubstr("is not a regular file"));
}

TEST(SafetensorsStream, IsTheFileThatWouldHoldEverything) {
  NamedTensors tensors;
  tensors.tensors.insert("a", torch::rand({2, 3}));
  tensors.tensors.insert("b", torch::rand({1, 3, 2}));
  tensors.metadata["k"] = "v";
  std::ostringstream stream;
  SafetensorsStream one_by_one(stream, {{"a", {2, 3}}, {"b", {1, 3, 2}}}, torch::kFloat32,
                               tensors.metadata);
  one_by_one.write("a", tensors.tensors["a"]);
  one_by_one.write("b", tensors.tensors["b"]);
  one_by_one.finish();
  EXPECT_EQ(stream.str(), serialize_safetensors(tensors));
}

TEST(SafetensorsStream, LeavesOutWhatWasAnnouncedAndNotWritten) {
  const TemporaryFolder folder;
  const auto values = torch::rand({2, 3});
  for (const std::vector<std::string>& written :
       {std::vector<std::string>{"b", "d"}, {"a"}, {"e"}, {}, {"a", "b", "c", "d", "e"}}) {
    write_file_atomically(folder / "a.safetensors", [&](std::ostream& stream) {
      SafetensorsStream::Shapes announced;
      for (const char* name : {"a", "b", "c", "d", "e"}) {
        announced.push_back({name, {2, 3}});
      }
      SafetensorsStream one_by_one(stream, announced, torch::kFloat32, {{"k", "v"}});
      for (const auto& name : written) {
        one_by_one.write(name, values + name.front());
      }
      one_by_one.finish();
    });
    const auto read = read_safetensors(folder / "a.safetensors");
    EXPECT_EQ(read.metadata.at("k"), "v");
    ASSERT_EQ(read.tensors.size(), written.size());
    for (const auto& name : written) {
      EXPECT_TRUE(torch::equal(read.tensors[name], values + name.front())) << name;
    }
  }
}

}  // namespace
}  // namespace sanas
