// SPDX-License-Identifier: Apache-2.0
#include <caffe2/serialize/inline_container.h>

#include <exception>
#include <limits>
#include <ostream>
#include <sstream>

#include "files/byte_source.h"
#include "formats/tensor_bytes.h"
#include "sanas/core/error.h"
#include "sanas/files/atomic_file.h"
#include "sanas/formats/torch_state_dict.h"

namespace sanas {
namespace {

/// Writes pickle protocol 2. Without a memo: values are repeated rather than referred to.
class Pickler {
 public:
  std::string state_dict(const NamedTensors& tensors) {
    text_ = "\x80\x02";
    global("collections", "OrderedDict");
    text_ += ")R";
    size_t index = 0;
    for (const auto& item : tensors.tensors) {
      string(item.key());
      tensor(item.value(), storable_type(item.key(), item.value()), std::to_string(index++));
      text_ += 's';
    }
    return text_ + '.';
  }

 private:
  void bytes(const void* data, size_t count) {
    text_.append(static_cast<const char*>(data), count);
  }
  void global(std::string_view module, std::string_view name) {
    text_ += 'c';
    text_.append(module).append("\n").append(name).append("\n");
  }
  void string(const std::string& text) {
    if (text.size() > std::numeric_limits<uint32_t>::max()) {
      throw FileError("a tensor's name is too long to be saved");
    }
    const auto size = static_cast<uint32_t>(text.size());
    text_ += 'X';
    bytes(&size, sizeof(size));
    text_ += text;
  }
  void integer(int64_t number) {
    if (number >= 0 && number <= std::numeric_limits<uint8_t>::max()) {
      text_ += 'K';
      text_ += static_cast<char>(number);
    } else if (number >= 0 && number <= std::numeric_limits<int32_t>::max()) {
      text_ += 'J';
      bytes(&number, sizeof(int32_t));  // little-endian: the low half
    } else {
      text_ += "\x8a\x08";
      bytes(&number, sizeof(number));
    }
  }
  void integers(c10::IntArrayRef numbers) {
    text_ += '(';
    for (const int64_t number : numbers) {
      integer(number);
    }
    text_ += 't';
  }

  /// Types without a storage class of their own go as bytes and name their dtype (version 3).
  void tensor(const torch::Tensor& tensor, const ElementType& type, const std::string& key) {
    const bool untyped = type.storage.empty();
    global("torch._utils", untyped ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2");
    text_ += "((";
    string("storage");
    global(untyped ? "torch.storage" : "torch", untyped ? "UntypedStorage" : type.storage);
    string(key);
    string("cpu");
    integer(untyped ? static_cast<int64_t>(tensor.nbytes()) : tensor.numel());
    text_ += "tQ";
    integer(0);
    integers(tensor.sizes());
    integers(c10::contiguous_strides(tensor.sizes()));
    text_ += '\x89';
    global("collections", "OrderedDict");
    text_ += ")R";
    if (untyped) {
      global("torch", type.torch);
    }
    text_ += "tR";
  }

  std::string text_;
};

/// Passes the archive's bytes to a stream. The zip code in between is C, which no exception may
/// cross: it is kept and thrown later.
class ArchiveSink {
 public:
  explicit ArchiveSink(std::ostream& stream) : stream_(stream) {}

  size_t operator()(const void* data, size_t count) {
    try {
      if (!error_) {
        stream_.write(static_cast<const char*>(data), static_cast<std::streamsize>(count));
      }
    } catch (...) {
      error_ = std::current_exception();
    }
    return count;  // the archive's writer has no quiet way to stop
  }
  void rethrow() const {
    if (error_) {
      std::rethrow_exception(error_);
    }
  }

 private:
  std::ostream& stream_;
  std::exception_ptr error_;
};

void write(const NamedTensors& tensors, std::ostream& stream) {
  const std::string pickle = Pickler().state_dict(tensors);
  ArchiveSink sink(stream);
  caffe2::serialize::PyTorchStreamWriter archive(
      [&sink](const void* data, size_t count) { return sink(data, count); });
  const auto record = [&](const std::string& name, const std::string& text) {
    archive.writeRecord(name, text.data(), text.size());
    sink.rethrow();
  };
  record("data.pkl", pickle);
  record(".format_version", "1");
  record(".storage_alignment", "64");
  record("byteorder", "little");
  size_t index = 0;
  for (const auto& item : tensors.tensors) {
    const auto data = packed(item.value());
    // An empty tensor has no memory, but the archive's writer wants a pointer.
    const void* bytes = data.numel() == 0 ? "" : data.const_data_ptr();
    archive.writeRecord("data/" + std::to_string(index++), bytes, data.nbytes());
    sink.rethrow();
  }
  archive.writeEndOfFile();
  sink.rethrow();
}

}  // namespace

void write_torch_state_dict(const std::filesystem::path& path, const NamedTensors& tensors) {
  write_file_atomically(path, [&](std::ostream& stream) { write(tensors, stream); });
}

std::string serialize_torch_state_dict(const NamedTensors& tensors) {
  std::ostringstream stream;
  write(tensors, stream);
  return std::move(stream).str();
}

}  // namespace sanas
