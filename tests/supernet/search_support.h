// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <torch/nn.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "sanas/core/parameters.h"
#include "sanas/supernet/factory.h"
#include "support/cells.h"
#include "support/device.h"
#include "support/fill.h"
#include "support/golden.h"

namespace sanas {

/// Expects published numbers to 1e-9 relative, or to their last digit where they have fewer.
inline void expect_published(const std::vector<double>& values, const std::string& texts) {
  std::istringstream stream(texts);
  std::string text;
  size_t i = 0;
  for (; stream >> text; ++i) {
    ASSERT_LT(i, values.size()) << "fewer values than published numbers";
    const double published = std::stod(text);
    EXPECT_NEAR(values[i], published, std::max(half_last_digit(text), 1e-9 * std::abs(published)))
        << "number " << i << ": " << text;
  }
  EXPECT_EQ(i, values.size()) << "more values than published numbers";
}

struct GoldenBatch {
  torch::Tensor images;
  torch::Tensor labels;
};

/// The batches of darts-family §13.2, on the test device.
inline GoldenBatch golden_training_batch() {
  return {input_pattern({2, 3, 16, 16}).to(test_device()),
          torch::tensor({1, 3}, torch::kInt64).to(test_device())};
}
inline GoldenBatch golden_validation_batch() {
  return {input_pattern({2, 3, 16, 16}, 1.0).to(test_device()),
          torch::tensor({7, 2}, torch::kInt64).to(test_device())};
}

/// The small network of darts-family §13.2: 4 channels, 5 cells, 10 classes.
inline SupernetOptions golden_options() {
  SupernetOptions options;
  options.channels = 4;
  options.cells = 5;
  return options;
}

/// Architecture variables with the given values, in double on the test device.
inline std::shared_ptr<ArchParameters> architecture_of(const SearchSpace& space,
                                                       const TensorList& values) {
  auto architecture = std::make_shared<ArchParameters>(space, 0.0, values.size() > 2);
  architecture->to(test_device(), torch::kDouble);
  architecture->assign(values);
  return architecture;
}

/// Moves a network to the test device in double and fills it.
template <typename Network>
std::shared_ptr<Network> filled(std::shared_ptr<Network> net) {
  net->to(test_device(), torch::kDouble);
  fill_parameters(*net);
  return net;
}

inline torch::Tensor loss_of(Supernet& net, const GoldenBatch& batch) {
  return torch::nn::functional::cross_entropy(net.forward(batch.images), batch.labels);
}

/// Check sum and norm of each tensor.
inline std::vector<double> chk_and_norm(const TensorList& tensors) {
  std::vector<double> result;
  for (const auto& tensor : tensors) {
    result.push_back(chk(tensor));
    result.push_back(tensor.norm().item<double>());
  }
  return result;
}

/// The first elements of row 0.
inline std::vector<double> first_logits(const torch::Tensor& logits, int64_t count = 3) {
  return elements(logits[0].slice(0, 0, count));
}

/// A small network of a family on a space, with everything drawn from the default generator.
inline std::shared_ptr<Supernet> small_supernet(SupernetChoice choice) {
  choice.options.channels = 4;
  choice.options.cells = 3;
  auto architecture = make_architecture(choice, 1e-3);
  architecture->to(test_device(), torch::kDouble);
  auto net = make_supernet(choice, architecture);
  net->to(test_device(), torch::kDouble);
  return net;
}

inline SupernetChoice choice_of(const std::string& family, const std::string& space = "darts") {
  SupernetChoice choice;
  choice.family = family;
  choice.space = space;
  return choice;
}

}  // namespace sanas
