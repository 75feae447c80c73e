// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/tensor_file.h"

#include <algorithm>
#include <string>

#include "files/byte_source.h"
#include "sanas/formats/safetensors.h"
#include "sanas/formats/torch_state_dict.h"

namespace sanas {
namespace {

bool is_called_pickle(const std::filesystem::path& path) {
  return path.extension() == ".pt" || path.extension() == ".pth";
}

/// By what the file begins with, which `checkpoint.pth.tar` and `model.bin` don't say.
bool is_pickle(const std::filesystem::path& path) {
  constexpr size_t kHead = 9;
  const FileSource source(path);
  const std::string head = source.read_text(0, std::min<uint64_t>(kHead, source.size()));
  if (head.size() == kHead && head.back() == '{') {
    return false;  // the length of a safetensors header, and the header
  }
  return head.starts_with("PK") || head.starts_with("\x80\x02") || is_called_pickle(path);
}

}  // namespace

NamedTensors read_tensors(const std::filesystem::path& path) {
  return is_pickle(path) ? read_torch_state_dict(path) : read_safetensors(path);
}

void write_tensors(const std::filesystem::path& path, const NamedTensors& tensors) {
  if (is_called_pickle(path)) {
    write_torch_state_dict(path, tensors);
  } else {
    write_safetensors(path, tensors);
  }
}

}  // namespace sanas
