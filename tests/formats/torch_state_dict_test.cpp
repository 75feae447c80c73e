// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/torch_state_dict.h"

#include <caffe2/serialize/inline_container.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "sanas/formats/safetensors.h"
#include "sanas/formats/tensor_file.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::file_error;
using test::TemporaryFolder;
using testing::HasSubstr;

/// An archive as LibTorch's own writer makes it.
std::string archive(const std::vector<std::pair<std::string, std::string>>& members) {
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

std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

std::string text(const std::string& value) {
  const auto size = static_cast<uint32_t>(value.size());
  return "X" + std::string(reinterpret_cast<const char*>(&size), 4) + value;
}

std::string number(int value) {
  return "J" + std::string(reinterpret_cast<const char*>(&value), 4);
}

std::string tuple(const std::vector<int>& values) {
  std::string result = "(";
  for (const int value : values) {
    result += number(value);
  }
  return result + "t";
}

/// A float tensor of storage "0", which is said to have `elements`.
std::string tensor(int elements, int offset, const std::vector<int>& sizes,
                   const std::vector<int>& strides, const std::string& storage = "FloatStorage") {
  return global("torch._utils", "_rebuild_tensor_v2") + "((" + text("storage") +
         global("torch", storage) + text("0") + text("cpu") + number(elements) + "tQ" +
         number(offset) + tuple(sizes) + tuple(strides) + "\x89" +
         global("collections", "OrderedDict") + ")RtR";
}

/// {key: value} in pickle.
std::string dict(const std::string& key, const std::string& value) {
  return "}" + text(key) + value + "s";
}

NamedTensors parse(const std::string& pickle, size_t bytes = 24) {
  std::string data;
  for (size_t i = 0; i < bytes / 4; ++i) {
    const auto element = static_cast<float>(i);
    data.append(reinterpret_cast<const char*>(&element), 4);
  }
  return parse_torch_state_dict(archive({{"data.pkl", "\x80\x02" + pickle}, {"data/0", data}}),
                                "f");
}

std::string error_of(const std::string& pickle, size_t bytes = 24) {
  return file_error([&] { parse(pickle, bytes); });
}

NamedTensors example() {
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

void expect_equal(const NamedTensors& actual, const NamedTensors& expected) {
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

TEST(TorchPickle, ComesBackBitForBitAndInOrder) {
  const auto bytes = serialize_torch_state_dict(example());
  const auto read = parse_torch_state_dict(bytes);
  expect_equal(read, example());
  EXPECT_EQ(serialize_torch_state_dict(read), bytes);
}

TEST(TorchPickle, PythonLoadsOursWithItsDefaults) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no .venv with Python's torch";
  }
  const TemporaryFolder folder;
  write_torch_state_dict(folder / "ours.pt", example());
  test::run_python(folder.path(), R"(
import collections, torch
t = torch.load("ours.pt")
assert type(t) is collections.OrderedDict
expected = [
    ("stem.0.weight", torch.arange(6, dtype=torch.float32).view(2, 3)),
    ("alphas", torch.arange(300, dtype=torch.float64) / 4),
    ("bn.num_batches_tracked", torch.tensor(-7)),
    ("empty", torch.empty(0, 4, dtype=torch.float16)),
    ("mask", torch.tensor([True, False, True])),
    ("transposed", torch.arange(6, dtype=torch.int32).view(2, 3).t()),
    ("eight", torch.arange(3, dtype=torch.uint8).view(torch.float8_e5m2)),
    ("unsigned", torch.arange(4, dtype=torch.uint8).view(torch.uint16)),
]
assert list(t) == [k for k, _ in expected], list(t)
for k, v in expected:
    assert t[k].dtype == v.dtype and t[k].shape == v.shape, k
    assert not t[k].requires_grad and t[k].is_contiguous(), k
    w, v = t[k].reshape(-1), v.reshape(-1)
    assert torch.equal(w.view(torch.uint8), v.view(torch.uint8)), k
torch.nn.Linear(2, 3).load_state_dict({"weight": t["transposed"].float(), "bias": t["stem.0.weight"][0]})
)");
}

TEST(TorchPickle, ReadsWhatPythonSaves) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no .venv with Python's torch";
  }
  const TemporaryFolder folder;
  ASSERT_TRUE(test::run_python(folder.path(), R"(
import torch
net = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
with torch.no_grad():
    for t, p in enumerate(net.parameters()):
        p.copy_(torch.arange(p.numel()).view(p.shape) + t)
torch.save(net.state_dict(), "state.pt")
torch.save(dict(net.named_parameters()), "parameters.pt")
shared = torch.arange(12.)
torch.save({"whole": shared, "part": shared[2:8:2], "t": shared.view(3, 4).t(),
            "bf": torch.tensor([1.5, -2], dtype=torch.bfloat16), "none": torch.empty(0),
            "eight": torch.tensor([1.5], dtype=torch.float8_e4m3fn),
            "sixteen": torch.tensor([1, 65535], dtype=torch.uint16),
            "many": torch.arange(70000)}, "views.pt")
optimizer = torch.optim.SGD(net.parameters(), lr=0.025, momentum=0.9)
net(torch.ones(1, 2, 5, 5)).sum().backward()
optimizer.step()
torch.save({"epoch": 3, "state_dict": net.state_dict(), "best_acc_top1": 0.5, "arch": "DARTS",
            "big": 2**40, "negative": -2**33, "flag": True, "optimizer": optimizer.state_dict(),
            "size": torch.Size([1, 2]), "dtype": torch.float16}, "checkpoint.pt")
torch.save({"optimizer": optimizer.state_dict(), "alphas": [torch.ones(2), torch.zeros(3)],
            "deep": {"a": (1, None, "x")}, "dtype": torch.float16}, "nested.pt")
torch.save([torch.ones(2), torch.zeros(3)], "list.pt")
torch.save({str(i): torch.tensor(float(i)) for i in range(1000)}, "thousand.pt")
old = {"_use_new_zipfile_serialization": False}
for name in ("state", "views", "checkpoint", "nested", "list"):
    torch.save(torch.load(name + ".pt"), name + ".old.pt", **old)
torch.save({"net": net.state_dict(), "acc": 93.5, "optimizer": optimizer.state_dict()}, "net.pt")
torch.save(net.half().state_dict(), "half.old.pt", **old)
)"));
  const auto state = read_torch_state_dict(folder / "state.pt");
  EXPECT_EQ(state.tensors.keys(),
            (std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean",
                                      "1.running_var", "1.num_batches_tracked"}));
  EXPECT_TRUE(
      torch::equal(state.tensors["0.weight"], torch::arange(54, torch::kFloat).view({3, 2, 3, 3})));
  EXPECT_TRUE(torch::equal(state.tensors["1.bias"], torch::tensor({3.F, 4.F, 5.F})));
  EXPECT_TRUE(state.metadata.empty());
  const auto parameters = read_torch_state_dict(folder / "parameters.pt");
  EXPECT_EQ(parameters.tensors.size(), 4U);
  EXPECT_FALSE(parameters.tensors["0.bias"].requires_grad());

  const auto views = read_torch_state_dict(folder / "views.pt");
  const auto whole = torch::arange(12, torch::kFloat);
  EXPECT_TRUE(torch::equal(views.tensors["whole"], whole));
  EXPECT_TRUE(torch::equal(views.tensors["part"], torch::tensor({2.F, 4.F, 6.F})));
  EXPECT_TRUE(torch::equal(views.tensors["t"], whole.view({3, 4}).t()));
  EXPECT_TRUE(views.tensors["part"].is_alias_of(views.tensors["whole"]));
  EXPECT_TRUE(torch::equal(views.tensors["bf"], torch::tensor({1.5, -2.0}).to(torch::kBFloat16)));
  EXPECT_EQ(views.tensors["none"].numel(), 0);
  EXPECT_EQ(views.tensors["eight"].to(torch::kFloat).item<float>(), 1.5F);
  EXPECT_EQ(views.tensors["sixteen"][1].to(torch::kLong).item<int64_t>(), 65535);
  EXPECT_TRUE(torch::equal(views.tensors["many"], torch::arange(70000)));

  const auto checkpoint = read_torch_state_dict(folder / "checkpoint.pt");
  EXPECT_EQ(checkpoint.tensors.keys(), state.tensors.keys());
  EXPECT_EQ(checkpoint.metadata, (std::map<std::string, std::string>{{"epoch", "3"},
                                                                     {"best_acc_top1", "0.5"},
                                                                     {"arch", "DARTS"},
                                                                     {"big", "1099511627776"},
                                                                     {"negative", "-8589934592"},
                                                                     {"flag", "true"},
                                                                     {"dtype", "torch.float16"}}));
  const auto nested = read_torch_state_dict(folder / "nested.pt");
  EXPECT_TRUE(torch::equal(nested.tensors["alphas.1"], torch::zeros({3})));
  EXPECT_EQ(nested.tensors["optimizer.state.0.momentum_buffer"].sizes(),
            (torch::IntArrayRef{3, 2, 3, 3}));
  EXPECT_EQ(nested.metadata.at("optimizer.param_groups.0.lr"), "0.025");
  EXPECT_EQ(nested.metadata.at("deep.a.2"), "x");
  EXPECT_EQ(read_torch_state_dict(folder / "list.pt").tensors.keys(),
            (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(read_torch_state_dict(folder / "thousand.pt").tensors["999"].item<float>(), 999.F);
  const auto net = read_torch_state_dict(folder / "net.pt");
  EXPECT_EQ(net.tensors.keys(), state.tensors.keys());
  EXPECT_EQ(net.metadata, (std::map<std::string, std::string>{{"acc", "93.5"}}));

  // The format before torch 1.6 holds the same.
  for (const std::string name : {"state", "views", "checkpoint", "nested", "list"}) {
    const auto old = read_torch_state_dict(folder / (name + ".old.pt"));
    const auto now = read_torch_state_dict(folder / (name + ".pt"));
    expect_equal(old, now);
    EXPECT_EQ(old.metadata, now.metadata) << name;
  }
  const auto old_views = read_torch_state_dict(folder / "views.old.pt");
  EXPECT_TRUE(old_views.tensors["part"].is_alias_of(old_views.tensors["whole"]));
  EXPECT_EQ(read_torch_state_dict(folder / "half.old.pt").tensors["0.bias"].scalar_type(),
            torch::kHalf);
}

// What torch.load reads with its defaults stands beside a state dict without getting in the way.
TEST(TorchPickle, WhatTorchLoadAllowsMayStandBesideAStateDict) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no .venv with Python's torch";
  }
  const TemporaryFolder folder;
  ASSERT_TRUE(test::run_python(folder.path(), R"(
import collections, torch
sd = collections.OrderedDict(a=torch.nn.Parameter(torch.arange(3.)))
sd["a"].remark = "an attribute"
beside = {
    "counter": collections.Counter([1, 1]), "device": torch.device("cuda:1"), "set": {1, 2},
    "bytes": b"ab", "bytearray": bytearray(b"ab"), "complex": 1j, "size": torch.Size([2]),
    "layout": torch.strided, "dtype": torch.complex64, "scheme": torch.per_tensor_affine,
    "type": torch.Tensor, "big": 2**100, "none": None, "float8": torch.float8_e4m3fnuz,
    "sparse": torch.ones(2).to_sparse(), "complex_tensor": torch.ones(2, dtype=torch.complex64),
    "quantized": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
    "scheduler": torch.optim.lr_scheduler.MultiStepLR(torch.optim.SGD([sd["a"]], 0.1), [1, 2]).state_dict(),
}
for name, value in beside.items():
    torch.save({"state_dict": sd, name: value}, "beside.pt")
    torch.load("beside.pt")  # or it would not belong here
torch.save({"state_dict": sd, **beside}, "beside.pt")
torch.save({"weights": sd, "counter": beside["counter"], "device": beside["device"]}, "whole.pt")
torch.save({"state_dict": sd, "model": {"a": torch.ones(1)}}, "two.pt")
torch.save({"state_dict": sd, "model": {"arch": "DARTS"}, "net": sd}, "one.pt")
torch.save(sd, "three.pt", pickle_protocol=3)
)"));
  for (const std::string name : {"beside.pt", "one.pt", "three.pt"}) {
    const auto read = read_torch_state_dict(folder / name);
    EXPECT_EQ(read.tensors.keys(), std::vector<std::string>{"a"}) << name;
    EXPECT_TRUE(torch::equal(read.tensors["a"], torch::arange(3, torch::kFloat))) << name;
  }
  EXPECT_EQ(read_torch_state_dict(folder / "whole.pt").tensors.keys(),
            std::vector<std::string>{"weights.a"});
  EXPECT_THAT(file_error([&] { read_torch_state_dict(folder / "two.pt"); }),
              HasSubstr("holds several state dicts, 'state_dict' and 'model'"));
}

std::string long_number(int64_t value) {
  return std::string(reinterpret_cast<const char*>(&value), 8);
}

/// A file of before torch 1.6 around the object's pickle, with one storage of floats 0, 1, ….
std::string legacy(const std::string& object, int64_t elements = 6, bool little_endian = true,
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
std::string tensor_of_view(int begin, int count, int offset, int size) {
  const std::string storage = "U\x07storage";
  return global("torch._utils", "_rebuild_tensor") + "((" + storage +
         global("torch", "FloatStorage") + text("0") + "U\x03" + "cpu" + number(6) + "(U\x01v" +
         number(begin) + number(count) + "ttQ" + number(offset) + tuple({size}) + tuple({1}) + "tR";
}

TEST(TorchPickle, FilesBeforeTorch16AreReadWithTheSameCare) {
  const auto read = [](const std::string& bytes) { return parse_torch_state_dict(bytes, "f"); };
  const auto refused = [&](const std::string& bytes) { return file_error([&] { read(bytes); }); };
  const std::string good = legacy(dict("a", tensor(6, 1, {2, 2}, {3, 1})));
  EXPECT_TRUE(torch::equal(read(good).tensors["a"], torch::tensor({{1.F, 2.F}, {4.F, 5.F}})));
  const auto view = read(legacy(dict("a", tensor_of_view(2, 3, 1, 2))));
  EXPECT_TRUE(torch::equal(view.tensors["a"], torch::tensor({3.F, 4.F})));
  const std::string pairs =
      "(](](U\x01"
      "a" +
      tensor(6, 5, {1}, {1}) + "eetR";  // of Python 2
  EXPECT_EQ(read(legacy(global("collections", "OrderedDict") + pairs)).tensors["a"].item<float>(),
            5);
  EXPECT_THAT(refused(legacy(dict("a", tensor_of_view(2, 3, 2, 2)))), HasSubstr("larger than"));
  EXPECT_THAT(refused(legacy(dict("a", tensor_of_view(5, 2, 0, 1)))), HasSubstr("a view that is"));
  EXPECT_THAT(refused(legacy(dict("a", global("os", "system")))), HasSubstr("'os.system'"));
  EXPECT_THAT(refused(legacy(dict("a", tensor(6, 0, {1}, {1})), 6, false)),
              HasSubstr("big-endian"));
  EXPECT_THAT(refused(legacy(dict("a", tensor(6, 0, {1}, {1})), 7)), HasSubstr("ends after"));
  EXPECT_THAT(refused(legacy(dict("a", tensor(6, 0, {1}, {1})), int64_t{1} << 62)),
              HasSubstr("ends after the file"));
  EXPECT_THAT(refused(legacy(dict("a", tensor(6, 0, {1}, {1})), -1)), HasSubstr("ends after"));
  EXPECT_THAT(refused(legacy(dict("a", tensor(6, 0, {1}, {1})), 5)), HasSubstr("goes on behind"));
  EXPECT_THAT(refused(legacy(dict("a", tensor(5, 0, {1}, {1})))), HasSubstr("of another size"));
  EXPECT_THAT(refused(legacy(dict("a", tensor(6, 0, {1}, {1})), 6, true, "]")),
              HasSubstr("goes on behind"));
  EXPECT_THAT(refused(legacy(dict("a", tensor(6, 0, {1}, {1})), 6, true, "]" + text("1") + "a")),
              HasSubstr("no tensor uses"));
  EXPECT_THAT(refused(legacy(dict("a", tensor(6, 0, {1}, {1})), 6, true, text("0"))),
              HasSubstr("no list of its storages"));
  test::damage(good, [&](const std::string& bytes) { read(bytes); });
}

TEST(TorchPickle, OtherFilesOfPythonAreRefusedByName) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no .venv with Python's torch";
  }
  const TemporaryFolder folder;
  ASSERT_TRUE(test::run_python(folder.path(), R"(
import os, torch, argparse, numpy
class Evil:
    def __reduce__(self):
        return (os.system, ("touch executed",))
torch.save({"a": Evil()}, "evil.pt")
torch.save({"args": argparse.Namespace(a=1)}, "args.pt")
torch.save({"acc": numpy.float64(0.5)}, "numpy.pt")
torch.save(torch.nn.Linear(1, 1), "module.pt")
torch.save({"a": torch.ones(1).expand(5)}, "expanded.pt")
torch.save({"a": torch.ones(2).to_sparse()}, "sparse.pt")
torch.save({"a": torch.ones(2, dtype=torch.complex64)}, "complex.pt")
torch.save({"a": torch.ones(2)}, "protocol.pt", pickle_protocol=4)
torch.save(torch.ones(2), "tensor.pt")
torch.save({"a": {"b": torch.ones(2)}, "a.b": torch.ones(2)}, "twice.pt")
torch.jit.script(torch.nn.Linear(1, 1)).save("script.pt")
)"));
  const auto refused = [&](const std::string& name) {
    return file_error([&] { read_torch_state_dict(folder / name); });
  };
  EXPECT_THAT(refused("evil.pt"), HasSubstr("global 'posix.system' is not allowed"));
  EXPECT_FALSE(test::fs::exists(folder / "executed"));
  EXPECT_THAT(refused("args.pt"), HasSubstr("global 'argparse.Namespace' is not allowed"));
  EXPECT_THAT(refused("numpy.pt"), HasSubstr("scalar' is not allowed"));
  EXPECT_THAT(refused("module.pt"), HasSubstr("global 'torch.nn.modules.linear.Linear'"));
  EXPECT_THAT(refused("expanded.pt"), HasSubstr("must be made contiguous"));
  EXPECT_THAT(refused("sparse.pt"), HasSubstr("'a' is a sparse, quantized or complex"));
  EXPECT_THAT(refused("complex.pt"), HasSubstr("'a' is a sparse, quantized or complex"));
  EXPECT_THAT(refused("protocol.pt"), HasSubstr("not of protocol 2"));
  EXPECT_THAT(refused("tensor.pt"), HasSubstr("neither a dictionary nor a list"));
  EXPECT_THAT(refused("twice.pt"), HasSubstr("has the name 'a.b' twice"));
  EXPECT_THAT(refused("script.pt"), HasSubstr("which torch.save does not do"));
}

TEST(TorchPickle, TensorsStayInsideTheirStorage) {
  const auto read = parse(dict("a", tensor(6, 1, {2, 2}, {3, 1})) + ".");
  EXPECT_TRUE(torch::equal(read.tensors["a"], torch::tensor({{1.F, 2.F}, {4.F, 5.F}})));
  EXPECT_THAT(error_of(dict("a", tensor(6, 2, {2, 2}, {3, 1})) + "."),
              HasSubstr("larger than its storage '0'"));
  EXPECT_THAT(error_of(dict("a", tensor(6, 7, {0}, {1})) + "."), HasSubstr("larger than"));
  EXPECT_EQ(parse(dict("a", tensor(6, 6, {0}, {1})) + ".").tensors["a"].numel(), 0);
  EXPECT_THAT(error_of(dict("a", tensor(6, 0, {7}, {0})) + "."), HasSubstr("larger than"));
  EXPECT_THAT(error_of(dict("a", tensor(6, -1, {1}, {1})) + "."), HasSubstr("no proper storage"));
  EXPECT_THAT(error_of(dict("a", tensor(6, 0, {-1}, {1})) + "."), HasSubstr("is negative"));
  EXPECT_THAT(error_of(dict("a", tensor(6, 0, {1}, {-1})) + "."), HasSubstr("is negative"));
  EXPECT_THAT(error_of(dict("a", tensor(6, 0, {1}, {1, 1})) + "."), HasSubstr("larger than"));
  const int large = 0x7FFFFFFF;
  EXPECT_THAT(error_of(dict("a", tensor(6, 0, {large, large, large}, {large, large, large})) + "."),
              HasSubstr("larger than"));
  EXPECT_THAT(error_of(dict("a", tensor(6, 0, {large, large, large, 0}, {0, 0, 0, 0})) + "."),
              HasSubstr("larger than"));
}

TEST(TorchPickle, StoragesHaveExactlyTheirMember) {
  EXPECT_THAT(error_of(dict("a", tensor(5, 0, {1}, {1})) + "."), HasSubstr("of another size"));
  EXPECT_THAT(error_of(dict("a", tensor(0x7FFFFFFF, 0, {1}, {1})) + "."),
              HasSubstr("of another size"));
  EXPECT_THAT(error_of(dict("a", tensor(6, 0, {1}, {1}, "DoubleStorage")) + "."),
              HasSubstr("of another size"));
  EXPECT_THAT(error_of(dict("a", tensor(24, 0, {1}, {1}, "BoolStorage")) + "."),
              HasSubstr("boolean bytes other than 0 and 1"));
  EXPECT_THAT(error_of("}" + text("a") + tensor(6, 0, {1}, {1}) + "s" + text("b") +
                       tensor(6, 0, {1}, {1}, "IntStorage") + "s."),
              HasSubstr("'0' is described in two different ways"));
  auto moved = dict("a", tensor(6, 0, {1}, {1}));
  moved.replace(moved.find(text("0")), text("0").size(), text("../data.pkl"));
  EXPECT_THAT(error_of(moved + "."), HasSubstr("'archive/data/../data.pkl'"));
  auto endless = dict("a", tensor(6, 0, {1}, {1}));  // each reference would copy the name
  endless.replace(endless.find(text("0")), text("0").size(), text(std::string(257, 'x')));
  EXPECT_THAT(error_of(endless + "."), HasSubstr("a persistent id that is no storage"));
}

TEST(TorchPickle, OtherOpcodesAndCallsAreRefused) {
  EXPECT_THAT(error_of(global("os", "system") + text("ls") + "\x85R."), HasSubstr("'os.system'"));
  EXPECT_THAT(error_of(global("collections", "OrderedDict") + text("ls") + "\x85R."),
              HasSubstr("arguments that torch.save does not write"));
  EXPECT_THAT(error_of(text("ls") + ")R."), HasSubstr("no allowed function"));
  EXPECT_THAT(error_of("]}b."), HasSubstr("no OrderedDict"));
  EXPECT_THAT(error_of("i"), HasSubstr("opcode 105 has no place"));
  EXPECT_THAT(error_of("(."), HasSubstr("ends in the middle"));
  EXPECT_THAT(error_of("}.x"), HasSubstr("goes on behind its end"));
  EXPECT_THAT(error_of("h\x01."), HasSubstr("does not have"));
  EXPECT_THAT(error_of("}(K\x01us."), HasSubstr("no dictionary"));
  EXPECT_THAT(error_of("t."), HasSubstr("a mark is missing"));
  EXPECT_THAT(error_of("\x8a\x09" + std::string(9, 'x') + "."), HasSubstr("neither a dictionary"));
  EXPECT_THAT(error_of("X\xff\xff\xff\xff."), HasSubstr("the pickle is cut"));
  EXPECT_THAT(error_of("c" + std::string(1000, 'x')), HasSubstr("does not end"));
  EXPECT_THAT(error_of(text("a") + "."), HasSubstr("neither a dictionary nor a list"));
}

TEST(TorchPickle, ContainersThatUnfoldWithoutEndAreRefused) {
  // A list that contains itself.
  EXPECT_THAT(error_of(std::string("]q\x01h\x01") + "a."), HasSubstr("nested too deeply"));
  // Each list holds the one before ten times: 10^20 leaves.
  std::string lists = "]q" + std::string(1, '\0') + "K\x01" + "a";
  for (char level = 1; level <= 20; ++level) {
    lists += std::string("]q") + level + "(";
    for (int i = 0; i < 10; ++i) {
      lists += std::string("h") + static_cast<char>(level - 1);
    }
    lists += "e";
  }
  EXPECT_THAT(error_of("]q\xff(" + lists + "e."), HasSubstr("too deeply or too many"));
  EXPECT_THAT(error_of(std::string(3000000, ']') + "."), HasSubstr("no state dict"));
  EXPECT_THAT(error_of(std::string(3000000, '(') + "."), HasSubstr("too many marks"));
}

TEST(TorchPickle, ArchivesThatAreNotTorchSavesAreRefused) {
  const auto refused = [](const std::string& bytes) {
    return file_error([&] { parse_torch_state_dict(bytes, "f"); });
  };
  const std::string good = serialize_torch_state_dict(example());
  EXPECT_THAT(refused("no zip"), HasSubstr("f: is no zip archive"));
  EXPECT_THAT(refused(good + "tail"), HasSubstr("its end record is missing"));
  EXPECT_THAT(refused(archive({{"other", "x"}})), HasSubstr("has no data.pkl"));
  EXPECT_THAT(refused(archive({{"data.pkl", "\x80\x02}."}, {"byteorder", "big"}})),
              HasSubstr("big-endian"));
  std::string flipped = good;
  flipped[good.find(std::string("\0\0\x80\x3e", 4))] ^= 1;  // 0.25 in the alphas
  EXPECT_THAT(refused(flipped), HasSubstr("is damaged: its checksum is wrong"));
}

TEST(TensorFile, IsWhatItsContentSays) {
  const TemporaryFolder folder;
  write_torch_state_dict(folder / "checkpoint.pth.tar", example());
  write_safetensors(folder / "safe.pt", example());
  test::write_content(folder / "old.bin", legacy(dict("a", tensor(6, 0, {6}, {1}))));
  expect_equal(read_tensors(folder / "checkpoint.pth.tar"), example());
  EXPECT_EQ(read_tensors(folder / "safe.pt").tensors.size(), example().tensors.size());
  EXPECT_EQ(read_tensors(folder / "old.bin").tensors["a"].numel(), 6);
  test::write_content(folder / "short.pt", "x");
  EXPECT_THAT(file_error([&] { read_tensors(folder / "short.pt"); }), HasSubstr("no zip archive"));
  EXPECT_THAT(file_error([&] { read_tensors(folder / "gone.pt"); }), HasSubstr("gone.pt"));
}

TEST(TorchPickle, TruncationsAndFlippedBytesNeverCrash) {
  NamedTensors small;
  small.tensors.insert("a", torch::arange(6, torch::kFloat).view({2, 3}));
  small.tensors.insert("b", torch::tensor({true, false}));
  test::damage(serialize_torch_state_dict(small),
               [](const std::string& bytes) { parse_torch_state_dict(bytes); });
  // Changes in the pickle itself, behind its checksum.
  const std::string pickle = dict("a", tensor(6, 1, {2, 2}, {3, 1})) + ".";
  test::damage(pickle, [](const std::string& changed) { parse(changed); });
}

TEST(TorchPickle, FailedWritesLeaveNothing) {
  const TemporaryFolder folder;
  EXPECT_THAT(file_error([&] { write_torch_state_dict(folder / "no/a.pt", example()); }),
              HasSubstr("no/a.pt: can't be written"));
  NamedTensors complex;
  complex.tensors.insert("c", torch::zeros({1}, torch::kComplexFloat));
  EXPECT_THAT(file_error([&] { write_torch_state_dict(folder / "a.pt", complex); }),
              HasSubstr("tensor 'c': a ComplexFloat tensor can't be saved"));
  EXPECT_EQ(folder.count(), 0);
}

}  // namespace
}  // namespace sanas
