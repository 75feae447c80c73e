// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/torch_pickle.h"

#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "byte_source.h"
#include "tensor_bytes.h"
#include "unpickler.h"
#include "zip_reader.h"

namespace sanas {
namespace {

constexpr uint64_t kMaxPickle = 64U << 20U;
constexpr int kMaxDepth = 64;
// Shared containers and texts can unfold to far more than the file has bytes.
constexpr size_t kMaxVisits = 1U << 21U;
constexpr size_t kMaxTextBytes = 256U << 20U;

/// Loads the storages of an archive, each once.
class StorageLoader {
 public:
  StorageLoader(const ZipReader& archive, std::string folder, const ByteSource& source)
      : archive_(archive), folder_(std::move(folder)), source_(source) {}

  torch::Tensor tensor(const PickleTensor& described) {
    auto storage = load(described.storage);
    if (described.storage.type == nullptr) {
      storage = of_type(storage, *described.type);
    }
    return storage.as_strided(described.sizes, described.strides, described.offset);
  }

 private:
  /// The first whole elements of untyped bytes.
  static torch::Tensor of_type(const torch::Tensor& bytes, const ElementType& type) {
    const auto size = static_cast<int64_t>(type.bytes());
    return bytes.narrow(0, 0, bytes.numel() / size * size).view(type.scalar);
  }

  torch::Tensor load(const PickleStorage& storage) {
    const auto scalar = storage.type == nullptr ? torch::kByte : storage.type->scalar;
    const auto known = storages_.find(storage.key);
    if (known != storages_.end()) {
      if (known->second.scalar_type() != scalar || known->second.numel() != storage.elements) {
        source_.fail("storage " + in_quotes(storage.key) + " is described in two different ways");
      }
      return known->second;
    }
    const std::string member_name = folder_ + "data/" + storage.key;
    const auto* member = archive_.find(member_name);
    const uint64_t element_bytes = storage.type == nullptr ? 1 : storage.type->bytes();
    if (member == nullptr || member->size % element_bytes != 0 ||
        member->size / element_bytes != static_cast<uint64_t>(storage.elements)) {
      source_.fail("storage " + in_quotes(storage.key) + " needs a zip member " +
                   in_quotes(member_name) + " of " + std::to_string(storage.elements) +
                   " elements, but it is " + (member == nullptr ? "missing" : "of another size"));
    }
    auto tensor = torch::empty({storage.elements}, torch::dtype(scalar));
    archive_.read(member_name, *member, tensor.mutable_data_ptr());
    if (!has_valid_bools(tensor)) {
      source_.fail("storage " + in_quotes(storage.key) + " has boolean bytes other than 0 and 1");
    }
    return storages_.emplace(storage.key, std::move(tensor)).first->second;
  }

  const ZipReader& archive_;
  std::string folder_;
  const ByteSource& source_;
  std::unordered_map<std::string, torch::Tensor> storages_;
};

/// A number or a text as metadata has it, or nothing.
std::optional<std::string> scalar_text(const PickleValue& value) {
  if (const auto* text = value.as<std::string>()) {
    return *text;
  }
  if (const auto* truth = value.as<bool>()) {
    return *truth ? "true" : "false";
  }
  if (const auto* integer = value.as<int64_t>()) {
    return std::to_string(*integer);
  }
  if (const auto* type = value.as<PickleDtype>()) {
    return "torch." + std::string(type->type->torch);
  }
  if (const auto* number = value.as<double>()) {
    std::array<char, 32> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *number).ptr;
    return std::string(buffer.data(), end);
  }
  return std::nullopt;
}

/// Collects tensors and scalars with dotted names.
class Flattener {
 public:
  Flattener(StorageLoader& storages, const ByteSource& source)
      : storages_(storages), source_(source) {}

  void add(const std::string& name, const PickleValue& value, int depth = 0) {
    text_bytes_ += name.size();
    if (depth > kMaxDepth || ++visits_ > kMaxVisits || text_bytes_ > kMaxTextBytes) {
      source_.fail("containers at " + in_quotes(name) + " are nested too deeply or too many");
    }
    if (const auto* tensor = value.as<PickleTensor>()) {
      once(!result_.tensors.contains(name), name);
      result_.tensors.insert(name, storages_.tensor(*tensor));
    } else if (const auto text = scalar_text(value)) {
      add_scalar(name, *text);
    } else if (const auto* list = value.as<PickleList>()) {
      for (size_t i = 0; i < list->items.size(); ++i) {
        add(below(name, std::to_string(i)), *list->items[i], depth + 1);
      }
    } else if (const auto* dict = value.as<PickleDict>()) {
      for (const auto& [key, item] : dict->items) {
        add(below(name, key_text(name, *key)), *item, depth + 1);
      }
    } else if (value.as<std::monostate>() == nullptr) {
      source_.fail("the value at " + in_quotes(name) +
                   " is neither tensor, number, text nor container");
    }
  }

  void add_scalar(const std::string& name, const std::string& text) {
    text_bytes_ += text.size();
    once(result_.metadata.emplace(name, text).second, name);
  }

  /// Metadata from the dictionary around the state dict.
  void add_scalars(const PickleDict& dict) {
    for (const auto& [key, item] : dict.items) {
      if (const auto text = scalar_text(*item)) {
        add_scalar(key_text("", *key), *text);
      }
    }
  }

  NamedTensors take() { return std::move(result_); }

 private:
  static std::string below(const std::string& name, const std::string& key) {
    return name.empty() ? key : name + "." + key;
  }

  std::string key_text(const std::string& name, const PickleValue& key) {
    if (key.as<std::string>() == nullptr && key.as<int64_t>() == nullptr) {
      source_.fail("a key of the dictionary at " + in_quotes(name) +
                   " is neither text nor integer");
    }
    return *scalar_text(key);
  }

  void once(bool first, const std::string& name) {
    if (!first) {
      source_.fail("has the name " + in_quotes(name) + " twice");
    }
  }

  StorageLoader& storages_;
  const ByteSource& source_;
  NamedTensors result_;
  size_t visits_ = 0;
  size_t text_bytes_ = 0;
};

/// The state dict inside a checkpoint, or null.
const PickleValue* inner_state_dict(const PickleDict& checkpoint) {
  for (const char* name : {"state_dict", "model_state_dict", "model"}) {
    for (const auto& [key, value] : checkpoint.items) {
      const auto* text = key->as<std::string>();
      if (text != nullptr && *text == name && value->as<PickleDict>() != nullptr) {
        return value;
      }
    }
  }
  return nullptr;
}

/// The archive's one folder with its slash: the folder of data.pkl.
std::string archive_folder(const ZipReader& archive, const ByteSource& source) {
  const std::string pickle = "/data.pkl";
  std::string folder;
  for (const auto& [name, member] : archive.members()) {
    if (name.ends_with(pickle) && name.find('/') == name.size() - pickle.size()) {
      if (!folder.empty()) {
        source.fail("has more than one data.pkl");
      }
      folder = name.substr(0, name.size() - pickle.size() + 1);
    }
  }
  if (folder.empty()) {
    source.fail("has no data.pkl: no file of torch.save");
  }
  return folder;
}

void refuse_other_formats(const ByteSource& source) {
  // The magic number of the format before torch 1.6, pickled.
  constexpr std::string_view kOldFormat = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9";
  if (source.size() >= kOldFormat.size() && source.read_text(0, kOldFormat.size()) == kOldFormat) {
    source.fail("is in the format before torch 1.6; load and save it once with a newer torch");
  }
}

NamedTensors read(const ByteSource& source) {
  refuse_other_formats(source);
  const ZipReader archive(source);
  const std::string folder = archive_folder(archive, source);
  if (archive.find(folder + "byteorder") != nullptr &&
      archive.read_text(folder + "byteorder", 16) != "little") {
    source.fail("was saved on a big-endian machine");
  }
  const std::string pickle = archive.read_text(folder + "data.pkl", kMaxPickle);
  Unpickler unpickler(pickle, source);
  const PickleValue& root = unpickler.load();
  const auto* dict = root.as<PickleDict>();
  if (dict == nullptr && root.as<PickleList>() == nullptr) {
    source.fail("holds neither a dictionary nor a list of tensors");
  }
  StorageLoader storages(archive, folder, source);
  Flattener flattener(storages, source);
  const auto* inner = dict == nullptr ? nullptr : inner_state_dict(*dict);
  if (inner == nullptr) {
    flattener.add("", root);
  } else {
    flattener.add("", *inner);
    flattener.add_scalars(*dict);
  }
  return flattener.take();
}

}  // namespace

NamedTensors read_torch_state_dict(const std::filesystem::path& path) {
  return read(FileSource(path));
}

NamedTensors parse_torch_state_dict(std::string_view bytes, const std::string& source) {
  return read(MemorySource(source, bytes));
}

}  // namespace sanas
