// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/torch_state_dict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstring>

#include "formats/pickle_support.h"
#include "sanas/formats/safetensors.h"
#include "sanas/formats/tensor_file.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using namespace pickle;
using test::file_error;
using test::TemporaryFolder;
using testing::HasSubstr;

TEST(TorchPickle, ComesBackBitForBitAndInOrder) {
  const auto bytes = serialize_torch_state_dict(example());
  const auto read = parse_torch_state_dict(bytes);
  expect_equal(read, example());
  EXPECT_EQ(serialize_torch_state_dict(read), bytes);
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

// Members within members would let a small file fill the memory.
TEST(TorchPickle, MembersOfAnArchiveDoNotOverlap) {
  std::string bytes = archive({{"data.pkl", "\x80\x02}."}, {"data/0", std::string(4000, 'x')}});
  const auto larger = static_cast<uint32_t>(bytes.size() - 1000);  // still within the file
  size_t at = 0;
  for (int entry = 0; entry < 2; ++entry) {  // the directory has them in the order of the file
    at = bytes.find("PK\x01\x02", at + 1);
    ASSERT_NE(at, std::string::npos);
    std::memcpy(bytes.data() + at + 20, &larger, sizeof(larger));  // as stored
    std::memcpy(bytes.data() + at + 24, &larger, sizeof(larger));
  }
  EXPECT_THAT(file_error([&] { parse_torch_state_dict(bytes, "f"); }),
              HasSubstr("'archive/data/0' ends after the file"));
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

TEST(TorchPickle, ViewsOfUntypedStoragesCountBytes) {
  const auto view = [](int begin) {  // three numbers of four bytes, the last two of them
    return legacy(dict("a", global("torch._utils", "_rebuild_tensor_v3") + "((" + text("storage") +
                                global("torch.storage", "UntypedStorage") + text("0") +
                                text("cpu") + number(24) + "(" + text("v") + number(begin) +
                                number(12) + "ttQ" + number(1) + tuple({2}) + tuple({1}) + "\x89" +
                                global("collections", "OrderedDict") + ")R" +
                                global("torch", "uint32") + "tR"),
                  24);
  };
  const auto read = parse_torch_state_dict(view(8), "f");
  EXPECT_TRUE(torch::equal(read.tensors["a"].view(torch::kFloat), torch::tensor({3.F, 4.F})));
  EXPECT_THAT(file_error([&] { parse_torch_state_dict(view(6), "f"); }),
              HasSubstr("larger than its storage"));
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
