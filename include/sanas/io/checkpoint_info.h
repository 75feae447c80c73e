// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sanas/core/parameters.h"
#include "sanas/io/config.h"
#include "sanas/io/named_tensors.h"
#include "sanas/nn/normalization.h"
#include "sanas/optim/metrics.h"
#include "sanas/optim/optimizers.h"

namespace sanas {

/// What a checkpoint says of itself in its metadata.
struct CheckpointInfo {
  /// "search" or "evaluation".
  std::string kind;
  Config config;
  std::string genotype;
  std::string dataset;
  std::vector<std::string> classes;
  PixelNormalization normalization;
  /// DataLoader::fingerprint of the images that the run learns from.
  std::string images;
  int64_t height = 0;
  int64_t width = 0;
  /// Mini-batches done.
  int64_t step = 0;
  /// Lines of metrics.jsonl that belong to them.
  uint64_t metrics_position = 0;
};

/// The metadata that `read_checkpoint_info` reads back.
void write_checkpoint_info(NamedTensors& tensors, const CheckpointInfo& info);

/// Throws FileError if the file is no checkpoint of this program.
CheckpointInfo read_checkpoint_info(const NamedTensors& tensors, const std::string& source);

/// Throws DataError if the run had other images before.
void check_same_images(const CheckpointInfo& info, const std::string& images,
                       const std::string& source);

// Parts that checkpoints are put together from.

/// Momentum buffers under the names of the parameters that they belong to.
void append_momentum(NamedTensors& to, const torch::nn::Module& net, const WeightOptimizer& weights,
                     const std::string& prefix);
void load_momentum(const NamedTensors& tensors, const std::string& source,
                   const torch::nn::Module& net, WeightOptimizer& weights,
                   const std::string& prefix);
void append_meter(NamedTensors& to, const std::string& name, const ClassificationMeter& meter);
ClassificationMeter load_meter(const NamedTensors& tensors, const std::string& source,
                               const std::string& name);
/// How many whole epochs are reported, of which `step` mini-batches may be one more. Throws
/// FileError.
int64_t load_reported_epochs(const NamedTensors& tensors, const std::string& source, int64_t step,
                             int64_t steps_per_epoch);
/// Copies all tensors of `from`.
void append(NamedTensors& to, const NamedTensors& from);
/// Throws FileError if there is none of that name.
const torch::Tensor& find_tensor(const NamedTensors& tensors, const std::string& name,
                                 const std::string& source);
/// Throws FileError if there is none of that name, or it is not one integer.
int64_t find_integer(const NamedTensors& tensors, const std::string& name,
                     const std::string& source);

}  // namespace sanas
