// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/core/error.h"

namespace sanas {

/// What a checkpoint of a search's or a training's loop says of it; kind and genotype are the
/// caller's.
template <typename Loop>
CheckpointInfo info_of(const Loop& loop, const Config& config, const DatasetInfo& data,
                       uint64_t metrics_position) {
  return {.config = config,
          .dataset = data.name,
          .classes = data.classes,
          .normalization = loop.normalization(),
          .images = loop.images(),
          .height = data.height,
          .width = data.width,
          .step = loop.step(),
          .metrics_position = metrics_position};
}

/// read_checkpoint_info of a checkpoint of that kind. Throws FileError for one of another.
inline CheckpointInfo read_info_of(const std::string& kind, const NamedTensors& tensors,
                                   const std::string& source) {
  CheckpointInfo info = read_checkpoint_info(tensors, source);
  if (info.kind != kind) {
    throw FileError(source + ": a checkpoint of kind '" + info.kind + "', expected '" + kind + "'");
  }
  return info;
}

}  // namespace sanas
