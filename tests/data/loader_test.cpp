// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/loader.h"

#include <gmock/gmock.h>
#include <torch/cuda.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "data/data_test_support.h"

namespace sanas {
namespace {

using data_test::FormulaDataset;
using data_test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<int64_t> range(int64_t begin, int64_t end) {
  std::vector<int64_t> values(end - begin);
  std::iota(values.begin(), values.end(), begin);
  return values;
}

std::vector<Batch> rest_of_epoch(DataLoader& loader) {
  std::vector<Batch> batches;
  while (auto batch = loader.next()) {
    batches.push_back(std::move(*batch));
  }
  return batches;
}

std::vector<int64_t> values(const torch::Tensor& tensor) {
  return {tensor.data_ptr<int64_t>(), tensor.data_ptr<int64_t>() + tensor.numel()};
}

std::vector<int64_t> all_indices(const std::vector<Batch>& batches) {
  std::vector<int64_t> indices;
  for (const Batch& batch : batches) {
    const auto part = values(batch.indices);
    indices.insert(indices.end(), part.begin(), part.end());
  }
  return indices;
}

AugmentOptions every_transform() {
  AugmentOptions augment;
  augment.crop_padding = 2;
  augment.cutout = 2;
  augment.color_jitter = {0.4, 0.4, 0.4, 0.1};
  return augment;
}

TEST(Loader, IsBitwiseTheSameForAnyNumberOfWorkers) {
  const FormulaDataset dataset(103);
  std::vector<std::vector<Batch>> epochs;
  for (const int workers : {0, 1, 2, 4}) {
    LoaderOptions options{.batch_size = 10, .workers = workers, .seed = 5};
    DataLoader loader(dataset, range(0, 103), every_transform(), options);
    loader.start_epoch(3);
    epochs.push_back(rest_of_epoch(loader));
  }
  ASSERT_EQ(epochs[0].size(), 11U);
  for (const auto& epoch : epochs) {
    ASSERT_EQ(epoch.size(), epochs[0].size());
    for (size_t i = 0; i < epoch.size(); ++i) {
      EXPECT_TRUE(torch::equal(epoch[i].images, epochs[0][i].images));
      EXPECT_TRUE(torch::equal(epoch[i].labels, epochs[0][i].labels));
      EXPECT_TRUE(torch::equal(epoch[i].indices, epochs[0][i].indices));
    }
  }
}

TEST(Loader, BatchesHaveTheDocumentedShapes) {
  const FormulaDataset dataset(7);
  DataLoader loader(dataset, range(0, 7), AugmentOptions::none(),
                    {.batch_size = 4, .shuffle = false});
  EXPECT_EQ(loader.batches_per_epoch(), 2);
  loader.start_epoch(0);
  const auto batches = rest_of_epoch(loader);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_THAT(batches[0].images.sizes().vec(), ElementsAre(4, 3, 6, 6));
  EXPECT_THAT(batches[1].images.sizes().vec(), ElementsAre(3, 3, 6, 6));
  EXPECT_EQ(batches[0].images.dtype(), torch::kFloat32);
  EXPECT_EQ(batches[1].size(), 3);
  EXPECT_THAT(values(batches[1].indices), ElementsAre(4, 5, 6));
  EXPECT_THAT(values(batches[1].labels), ElementsAre(16 % 3, 25 % 3, 36 % 3));
  // Byte i of image k is (31k + 5i + 1) mod 256, i = 3·(6y + x) + c.
  const int byte = (31 * 5 + 5 * (3 * (6 * 2 + 4) + 1) + 1) % 256;
  EXPECT_EQ(batches[1].images[1][1][2][4].item<float>(), static_cast<float>(byte) / 255.0F);
}

TEST(Loader, EpochIsAPermutationAndAnotherOneEachTime) {
  const FormulaDataset dataset(100);
  DataLoader loader(dataset, range(20, 90), AugmentOptions::none(), {.batch_size = 16});
  std::set<std::vector<int64_t>> orders;
  for (int64_t epoch = 0; epoch < 5; ++epoch) {
    loader.start_epoch(epoch);
    auto indices = all_indices(rest_of_epoch(loader));
    orders.insert(indices);
    std::sort(indices.begin(), indices.end());
    EXPECT_EQ(indices, range(20, 90));
  }
  EXPECT_EQ(orders.size(), 5U);
}

TEST(Loader, EverySampleIsEquallyLikelyAtEveryPlace) {
  // 4000 shuffles of 8: each of 64 (place, sample) pairs 500 times, chi-square of 49 degrees of
  // freedom, 99.99 % quantile 94.
  const FormulaDataset dataset(8);
  const DataLoader loader(dataset, range(0, 8), AugmentOptions::none(), {.batch_size = 8});
  std::vector<int> counts(64);
  for (int64_t epoch = 0; epoch < 4000; ++epoch) {
    const auto order = loader.order(epoch);
    for (int place = 0; place < 8; ++place) {
      ++counts[8 * place + order[place]];
    }
  }
  double chi_square = 0;
  for (const int count : counts) {
    chi_square += (count - 500.0) * (count - 500.0) / 500.0;
  }
  EXPECT_LT(chi_square, 94);
}

TEST(Loader, SampleLooksTheSameWhereverItsBatchStands) {
  const FormulaDataset dataset(40);
  DataLoader one(dataset, range(0, 40), every_transform(), {.batch_size = 40, .seed = 8});
  DataLoader many(dataset, range(10, 30), every_transform(), {.batch_size = 3, .seed = 8});
  one.start_epoch(4);
  many.start_epoch(4);
  const Batch whole = *one.next();
  const auto places = values(whole.indices);
  for (const Batch& batch : rest_of_epoch(many)) {
    for (int64_t i = 0; i < batch.size(); ++i) {
      const int64_t index = batch.indices[i].item<int64_t>();
      const auto place = std::find(places.begin(), places.end(), index) - places.begin();
      EXPECT_TRUE(torch::equal(batch.images[i], whole.images[place]));
    }
  }
}

TEST(Loader, SeedChangesOrderAndTransforms) {
  const FormulaDataset dataset(40);
  DataLoader a(dataset, range(0, 40), every_transform(), {.batch_size = 40, .seed = 1});
  DataLoader b(dataset, range(0, 40), every_transform(), {.batch_size = 40, .seed = 2});
  EXPECT_NE(a.order(0), b.order(0));
  const auto samples = range(0, 40);
  EXPECT_FALSE(torch::equal(a.load(0, samples).images, b.load(0, samples).images));
  EXPECT_FALSE(torch::equal(a.load(0, samples).images, a.load(1, samples).images));
}

TEST(Loader, HalvesOfTheDataAreNotShuffledAlike) {
  const FormulaDataset dataset(64);
  const DataLoader first(dataset, range(0, 32), {}, {.batch_size = 4});
  const DataLoader second(dataset, range(32, 64), {}, {.batch_size = 4});
  auto shifted = second.order(0);
  for (int64_t& index : shifted) {
    index -= 32;
  }
  EXPECT_NE(first.order(0), shifted);
}

TEST(Loader, ResumesInsideOfAnEpoch) {
  const FormulaDataset dataset(50);
  DataLoader loader(dataset, range(0, 50), every_transform(), {.batch_size = 8});
  loader.start_epoch(2);
  const auto whole = rest_of_epoch(loader);
  loader.start_epoch(2, 3);
  const auto rest = rest_of_epoch(loader);
  ASSERT_EQ(rest.size(), whole.size() - 3);
  for (size_t i = 0; i < rest.size(); ++i) {
    EXPECT_TRUE(torch::equal(rest[i].images, whole[i + 3].images));
  }
}

TEST(Loader, EpochCanBeGivenUpInItsMiddle) {
  const FormulaDataset dataset(500);
  DataLoader loader(dataset, range(0, 500), every_transform(), {.batch_size = 5, .workers = 3});
  for (int64_t epoch = 0; epoch < 10; ++epoch) {
    loader.start_epoch(epoch);
    const Batch batch = *loader.next();
    EXPECT_EQ(values(batch.indices), loader.order(epoch, 5));
  }
}

TEST(Loader, DropLastLeavesOutTheIncompleteBatch) {
  const FormulaDataset dataset(50);
  DataLoader loader(dataset, range(0, 50), {}, {.batch_size = 8, .drop_last = true});
  EXPECT_EQ(loader.batches_per_epoch(), 6);
  loader.start_epoch(0);
  EXPECT_EQ(all_indices(rest_of_epoch(loader)).size(), 48U);
}

TEST(Loader, ErrorOfAWorkerArrivesAsItWas) {
  FormulaDataset dataset(20);
  dataset.bad_samples = {13};
  for (const int workers : {0, 2}) {
    DataLoader loader(dataset, range(0, 20), {},
                      {.batch_size = 5, .workers = workers, .shuffle = false});
    loader.start_epoch(0);
    EXPECT_TRUE(loader.next());
    EXPECT_TRUE(loader.next());
    EXPECT_THAT(message_of<DataError>([&] { loader.next(); }), HasSubstr("image 13 is damaged"));
  }
}

TEST(Loader, BadSamplesCanBeSkippedAndAreCounted) {
  FormulaDataset dataset(20);
  dataset.bad_samples = {13};
  DataLoader loader(dataset, range(0, 20), AugmentOptions::none(),
                    {.batch_size = 5, .shuffle = false, .on_bad_sample = BadSample::kSkip});
  loader.start_epoch(0);
  const auto batches = rest_of_epoch(loader);
  EXPECT_THAT(values(batches[2].indices), ElementsAre(10, 11, 12, 14));
  EXPECT_EQ(batches[2].images.size(0), 4);
  EXPECT_EQ(batches[2].labels[3].item<int64_t>(), 14 * 14 % 3);
  EXPECT_TRUE(torch::equal(batches[2].images[3], loader.load(0, range(14, 15)).images[0]));
  EXPECT_EQ(batches[2].skipped, 1);
  EXPECT_EQ(batches[2].to(torch::kCPU).skipped, 1);
  EXPECT_EQ(batches[3].skipped, 0);
}

TEST(Loader, BatchOfBadSamplesOnlyIsEmptyAndTheOthersGoOn) {
  FormulaDataset dataset(8);
  dataset.bad_samples = {2, 3, 7};
  for (const int workers : {0, 2}) {
    std::vector<std::string> told;
    DataLoader loader(dataset, range(0, 8), AugmentOptions::none(),
                      {.batch_size = 2,
                       .workers = workers,
                       .shuffle = false,
                       .on_bad_sample = BadSample::kSkip,
                       .on_skip = [&](const std::string& what) { told.push_back(what); }});
    loader.start_epoch(0);
    const auto batches = rest_of_epoch(loader);
    ASSERT_EQ(batches.size(), 4U);
    EXPECT_EQ(batches[1].size(), 0);
    EXPECT_EQ(batches[1].skipped, 2);
    EXPECT_EQ(batches[1].images.sizes(), (std::vector<int64_t>{0, 3, 6, 6}));
    EXPECT_THAT(all_indices(batches), ElementsAre(0, 1, 4, 5, 6));
    EXPECT_THAT(told,
                testing::UnorderedElementsAre("#2: image 2 is damaged", "#3: image 3 is damaged",
                                              "#7: image 7 is damaged"));
  }
}

TEST(Loader, EpochOfBadSamplesOnlyIsAnErrorAtItsEnd) {
  FormulaDataset dataset(6);
  dataset.bad_samples = {0, 1, 2, 3, 4, 5};
  DataLoader loader(dataset, range(1, 5), AugmentOptions::none(),
                    {.batch_size = 2, .shuffle = false, .on_bad_sample = BadSample::kSkip});
  loader.start_epoch(0);
  EXPECT_EQ(loader.next()->size(), 0);
  EXPECT_THAT(message_of<DataError>([&] { loader.next(); }),
              HasSubstr("too few of 4 images can be decoded to go on"));
  loader.start_epoch(0, 1);  // the rest of an epoch may be bad
  EXPECT_EQ(loader.next()->size(), 0);
  EXPECT_FALSE(loader.next());
}

// Sample 2 is known to be bad before anything is read.
class OneFault : public FormulaDataset {
 public:
  using FormulaDataset::FormulaDataset;
  std::string fault(int64_t index) const override { return index == 2 ? "x/2.png: gone" : ""; }
};

TEST(Loader, KnownFaultsAreErrorsBeforeTheFirstBatch) {
  const OneFault dataset(4);
  const auto open = [&](std::vector<int64_t> indices, BadSample policy) {
    DataLoader(dataset, std::move(indices), {}, {.batch_size = 1, .on_bad_sample = policy});
  };
  EXPECT_EQ(message_of<DataError>([&] { open(range(0, 4), BadSample::kFail); }), "x/2.png: gone");
  EXPECT_NO_THROW(open({0, 1, 3}, BadSample::kFail));
  EXPECT_NO_THROW(open(range(0, 4), BadSample::kSkip));
  EXPECT_THAT(message_of<DataError>([&] { open({2}, BadSample::kSkip); }),
              HasSubstr("too few of 1 images can be decoded to go on"));
}

TEST(Loader, RefusesWhatItCannotLoad) {
  const FormulaDataset dataset(10);
  EXPECT_THAT(
      message_of<DataError>([&] { DataLoader(dataset, range(0, 7), {}, {.batch_size = 8}); }),
      HasSubstr("7 images are fewer than a batch of 8"));
  EXPECT_THAT(message_of<DataError>([&] {
                DataLoader(dataset, {3, 10}, {}, {.batch_size = 2});
              }),
              HasSubstr("has no image 10"));
  EXPECT_THROW(DataLoader(dataset, range(0, 7), {}, {.batch_size = 0}), ConfigError);
  EXPECT_THROW(DataLoader(dataset, range(0, 7), {}, {.batch_size = 2, .workers = -1}), ConfigError);
  EXPECT_THROW(DataLoader(dataset, range(0, 7), {}, {.batch_size = 2, .prefetch = 0}), ConfigError);
}

TEST(Loader, PinnedMemoryIsUsedWhereThereIsCuda) {
  const FormulaDataset dataset(10);
  DataLoader loader(dataset, range(0, 10), {}, {.batch_size = 2, .pin_memory = true});
  loader.start_epoch(0);
  const Batch batch = *loader.next();
  EXPECT_EQ(batch.images.is_pinned(), torch::cuda::is_available());
  EXPECT_EQ(batch.labels.is_pinned(), torch::cuda::is_available());
  EXPECT_TRUE(torch::equal(batch.to(torch::kCPU).images, batch.images));
}

TEST(Loader, BadSamplePolicyHasNames) {
  for (const BadSample policy : {BadSample::kFail, BadSample::kSkip}) {
    EXPECT_EQ(bad_sample_from_string(to_string(policy)), policy);
  }
  EXPECT_EQ(to_string(BadSample::kSkip), "skip");
  EXPECT_THROW(bad_sample_from_string("ignore"), ConfigError);
}

}  // namespace
}  // namespace sanas
