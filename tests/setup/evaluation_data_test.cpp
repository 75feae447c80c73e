// SPDX-License-Identifier: Apache-2.0
#include "sanas/setup/evaluation_data.h"

#include <gmock/gmock.h>

#include "data/data_test_support.h"
#include "sanas/data/training_split.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using testing::ElementsAre;

/// CIFAR-10 whose images are sorted by class: four of each to train on, three to test on.
class SortedCifar : public testing::Test {
 protected:
  void SetUp() override {
    std::string names;
    for (char name = 'a'; name < 'k'; ++name) {
      names.append(1, name).append("\n");
    }
    data_test::write_file(folder_.path() / "batches.meta.txt", names);
    write("data_batch_1.bin", 4);
    write("test_batch.bin", 3);
    config_.dataset.source.name = "cifar10";
    config_.dataset.source.root = folder_.path();
    config_.evaluation.batch_size = 4;
    config_.evaluation.auxiliary_weight = 0.0;
  }

  void write(const std::string& name, int images_of_a_class) {
    std::vector<uint8_t> bytes;
    for (uint8_t label = 0; label < 10; ++label) {
      for (int i = 0; i < images_of_a_class; ++i) {
        bytes.push_back(label);
        bytes.insert(bytes.end(), 3072, static_cast<uint8_t>(i));
      }
    }
    data_test::write_file(folder_.path() / name, bytes);
  }

  test::TemporaryFolder folder_;
  Config config_;
  Log log_{true};
};

TEST_F(SortedCifar, SomeTestImagesAreOfAllClasses) {
  config_.evaluation.test_images = 12;
  TestImageSet images(config_, torch::kCPU, log_);
  // The first image of each class, and the second of the first two.
  EXPECT_THAT(images.loader().order(0), ElementsAre(0, 1, 3, 4, 6, 9, 12, 15, 18, 21, 24, 27));
}

TEST_F(SortedCifar, ATestAloneIsOnTheImagesThatATrainingHoldsOut) {
  config_.dataset.holdout = 0.5;
  config_.evaluation.test_on = TestImages::kHoldout;
  TestImageSet alone(config_, torch::kCPU, log_);
  config_.seed = 99;
  EvaluationImages all(config_, torch::kCPU, log_);
  EXPECT_EQ(alone.loader().size(), 20);
  EXPECT_EQ(alone.loader().order(0), all.test().order(0));
  EXPECT_EQ(all.train().size(), 20);
}

}  // namespace
}  // namespace sanas
