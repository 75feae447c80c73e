// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/data_options.h"

namespace sanas {

std::string to_string(NormalizationChoice choice) {
  return choice == NormalizationChoice::kDataset ? "dataset" : "none";
}

LoaderOptions loader_options(const DataOptions& data, int64_t batch_size, uint64_t seed,
                             const torch::Device& device) {
  LoaderOptions options;
  options.batch_size = batch_size;
  options.workers = data.workers;
  options.seed = seed;
  options.pin_memory = device.is_cuda();
  options.on_bad_sample = data.on_bad_sample;
  return options;
}

}  // namespace sanas
