// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a checkpoint says of itself: its kind, configuration, genotype, data set and step.

#include <array>
#include <string>
#include <vector>

#include "sanas/config/config.h"
#include "sanas/core/parameters.h"
#include "sanas/data/dataset.h"
#include "sanas/formats/named_tensors.h"
#include "sanas/nn/normalization.h"
#include "sanas/optim/metrics.h"
#include "sanas/optim/run_cursor.h"

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

  /// The data set, as far as a network depends on it: classes and size of the images.
  DatasetInfo data() const;
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
void append_momentum(NamedTensors& to, const torch::nn::Module& net, const TensorList& buffers,
                     const std::string& prefix);
/// In parameter order. Throws FileError if one is missing or has another shape than its parameter.
TensorList load_momentum(const NamedTensors& tensors, const std::string& source,
                         const torch::nn::Module& net, const std::string& prefix);
void append_meter(NamedTensors& to, const std::string& name, const ClassificationMeter& meter);
ClassificationMeter load_meter(const NamedTensors& tensors, const std::string& source,
                               const std::string& name);
/// All counts but the step, which is in the metadata.
void append_counts(NamedTensors& to, const RunCounts& counts);
/// Throws FileError if a count is missing, or the reported epochs don't fit `step` mini-batches.
RunCounts load_counts(const NamedTensors& tensors, const std::string& source, int64_t step,
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
