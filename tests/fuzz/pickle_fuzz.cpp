// SPDX-License-Identifier: Apache-2.0
#include <caffe2/serialize/inline_container.h>

#include "fuzz_support.h"
#include "sanas/core/error.h"
#include "sanas/formats/torch_state_dict.h"

/// The input is the pickle of a .pt file, whose archive has the right checksum for it: mutations of
/// a whole file hardly come past that.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  std::string archive;
  {
    caffe2::serialize::PyTorchStreamWriter writer([&](const void* bytes, size_t count) {
      archive.append(static_cast<const char*>(bytes), count);
      return count;
    });
    const std::string storage(64, '\1');
    writer.writeRecord("data.pkl", data, size);
    writer.writeRecord("data/0", storage.data(), storage.size());
    writer.writeEndOfFile();
  }
  try {
    const auto tensors = parse_torch_state_dict(archive);
    for (const auto& entry : tensors.tensors) {
      fuzz::require(entry.value().numel() == 0 || entry.value().data_ptr() != nullptr);
    }
  } catch (const FileError&) {
    return 0;
  }
  return 0;
}
