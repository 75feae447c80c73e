// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "formats/pickle_support.h"
#include "sanas/formats/torch_state_dict.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using namespace pickle;
using test::file_error;
using test::TemporaryFolder;
using testing::HasSubstr;

TEST(TorchPickleOfPython, PythonLoadsOursWithItsDefaults) {
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

/// A network, saved as its state dict and as its parameters.
constexpr const char* kState = R"(
import torch
net = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
with torch.no_grad():
    for t, p in enumerate(net.parameters()):
        p.copy_(torch.arange(p.numel()).view(p.shape) + t)
torch.save(net.state_dict(), "state.pt")
torch.save(dict(net.named_parameters()), "parameters.pt")
)";

/// Views of one storage, and rare types of elements.
constexpr const char* kViews = R"(
import torch
shared = torch.arange(12.)
torch.save({"whole": shared, "part": shared[2:8:2], "t": shared.view(3, 4).t(),
            "bf": torch.tensor([1.5, -2], dtype=torch.bfloat16), "none": torch.empty(0),
            "eight": torch.tensor([1.5], dtype=torch.float8_e4m3fn),
            "sixteen": torch.tensor([1, 65535], dtype=torch.uint16),
            "many": torch.arange(70000)}, "views.pt")
)";

/// Checkpoints of the network of kState, in the ways in which people put them together.
constexpr const char* kCheckpoints = R"(
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
torch.save({"net": net.state_dict(), "acc": 93.5, "optimizer": optimizer.state_dict()}, "net.pt")
)";

const std::vector<std::string> kKeys{"0.weight",
                                     "0.bias",
                                     "1.weight",
                                     "1.bias",
                                     "1.running_mean",
                                     "1.running_var",
                                     "1.num_batches_tracked"};

TEST(TorchPickleOfPython, ReadsAStateDictThatPythonSaves) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no .venv with Python's torch";
  }
  const TemporaryFolder folder;
  ASSERT_TRUE(test::run_python(folder.path(), kState));
  const auto state = read_torch_state_dict(folder / "state.pt");
  EXPECT_EQ(state.tensors.keys(), kKeys);
  EXPECT_TRUE(
      torch::equal(state.tensors["0.weight"], torch::arange(54, torch::kFloat).view({3, 2, 3, 3})));
  EXPECT_TRUE(torch::equal(state.tensors["1.bias"], torch::tensor({3.F, 4.F, 5.F})));
  EXPECT_TRUE(state.metadata.empty());
  const auto parameters = read_torch_state_dict(folder / "parameters.pt");
  EXPECT_EQ(parameters.tensors.size(), 4U);
  EXPECT_FALSE(parameters.tensors["0.bias"].requires_grad());
}

TEST(TorchPickleOfPython, ReadsViewsAndRareTypesThatPythonSaves) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no .venv with Python's torch";
  }
  const TemporaryFolder folder;
  ASSERT_TRUE(test::run_python(folder.path(), kViews));
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
}

TEST(TorchPickleOfPython, ReadsCheckpointsThatPythonSaves) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no .venv with Python's torch";
  }
  const TemporaryFolder folder;
  ASSERT_TRUE(test::run_python(folder.path(), std::string(kState) + kCheckpoints));
  const auto checkpoint = read_torch_state_dict(folder / "checkpoint.pt");
  EXPECT_EQ(checkpoint.tensors.keys(), kKeys);
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
  EXPECT_EQ(net.tensors.keys(), kKeys);
  EXPECT_EQ(net.metadata, (std::map<std::string, std::string>{{"acc", "93.5"}}));
}

TEST(TorchPickleOfPython, TheFormatBeforeTorch16HoldsTheSame) {
  if (test::python().empty()) {
    GTEST_SKIP() << "no .venv with Python's torch";
  }
  const TemporaryFolder folder;
  ASSERT_TRUE(test::run_python(folder.path(), std::string(kState) + kViews + kCheckpoints + R"(
old = {"_use_new_zipfile_serialization": False}
for name in ("state", "views", "checkpoint", "nested", "list"):
    torch.save(torch.load(name + ".pt"), name + ".old.pt", **old)
torch.save(net.half().state_dict(), "half.old.pt", **old)
)"));
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
TEST(TorchPickleOfPython, WhatTorchLoadAllowsMayStandBesideAStateDict) {
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

TEST(TorchPickleOfPython, OtherFilesOfPythonAreRefusedByName) {
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

}  // namespace
}  // namespace sanas
