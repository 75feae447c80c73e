// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/tensor_file.h"

#include "sanas/io/safetensors.h"
#include "sanas/io/torch_pickle.h"

namespace sanas {
namespace {

bool is_pickle(const std::filesystem::path& path) {
  return path.extension() == ".pt" || path.extension() == ".pth";
}

}  // namespace

NamedTensors read_tensors(const std::filesystem::path& path) {
  return is_pickle(path) ? read_torch_state_dict(path) : read_safetensors(path);
}

void write_tensors(const std::filesystem::path& path, const NamedTensors& tensors) {
  if (is_pickle(path)) {
    write_torch_state_dict(path, tensors);
  } else {
    write_safetensors(path, tensors);
  }
}

}  // namespace sanas
