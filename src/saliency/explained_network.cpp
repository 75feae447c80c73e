// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/explained_network.h"

#include <algorithm>

#include "nn/inference_batch.h"
#include "saliency/row_unit.h"
#include "sanas/core/parameters.h"
#include "sanas/core/phase.h"
#include "sanas/core/random.h"
#include "sanas/core/signals.h"

namespace sanas {
namespace {

using torch::Tensor;

/// A fixed number of rows at a time. How a matrix product rounds depends on how many there are.
CellForward in_blocks(const CellForward& forward, int64_t rows) {
  return [forward, rows](const Tensor& x) {
    if (x.size(0) <= rows) {
      return forward(x);
    }
    TensorList logits;
    TensorList features;
    for (int64_t i = 0; i < x.size(0); i += rows) {
      auto [block_logits, block_features] = forward(x.narrow(0, i, std::min(rows, x.size(0) - i)));
      logits.push_back(std::move(block_logits));
      features.push_back(std::move(block_features));
    }
    return std::pair{torch::cat(logits),
                     features.front().defined() ? torch::cat(features) : Tensor{}};
  };
}

/// Row by row, each with the same random numbers.
CellForward one_by_one(const CellForward& forward) {
  return in_blocks(
      [forward](const Tensor& row) {
        const FrozenRandomness frozen(0);
        return forward(row);
      },
      1);
}

/// In blocks on the CPU; a GPU wants all at once.
CellForward independent_of_batch(const CellForward& forward) {
  return [forward, blocks = in_blocks(forward, kRowUnit)](const Tensor& x) {
    return x.is_cuda() ? forward(x) : blocks(x);
  };
}

}  // namespace

ExplainedNetwork explain(const torch::nn::Module& module, const CellForward& forward,
                         const PixelNormalization& normalization, bool has_cells) {
  const bool independent = rows_are_independent(module);
  const CellForward rows = independent ? independent_of_batch(forward) : one_by_one(forward);
  const CellForward pass = [rows, normalization](const Tensor& pixels) {
    if (ScopedSignals::stop_requested()) {  // every method and metric is a number of passes
      throw Interrupted();
    }
    return rows(normalization(pixels));
  };
  ExplainedNetwork network;
  network.logits = [pass](const Tensor& pixels) { return pass(pixels).first; };
  if (has_cells) {
    network.logits_and_features = pass;
    network.most_rows = independent ? kRowUnit : 1;
  }
  return network;
}

}  // namespace sanas
